// Copies of this addon in one process: a worker thread may load the package from another folder, and that is a library
// of its own, with statics of its own. Here they find each other, so that there is one sampler a process, and one
// registry of probes for all copies of the same build.
//
// Addons are loaded so that no symbol of one is visible to another. What all can see is the list of loaded objects and
// their ELF notes: each copy has a note that says where its Copy is. All agree on the first of that list, which is in
// order of loading, and no copy is ever unloaded (binding.gyp). Outside Linux each copy is alone.
//
// Any thread may call.
#pragma once

namespace offloop {

class Registry;

namespace copies {

// The registry of the first copy that is the same build as this one: another build may have other layouts.
Registry& SharedRegistry() noexcept;

// One sampler a process, whatever the builds: true for the first caller until it gives up its claim.
bool ClaimSampler() noexcept;
void ReleaseSampler() noexcept;

}  // namespace copies
}  // namespace offloop
