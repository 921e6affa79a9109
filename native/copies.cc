#include "copies.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#if defined(__linux__)
#include <link.h>

#include <cstring>
#include <string_view>
#endif

#include "registry.h"

namespace offloop::copies {

namespace {

// What a copy has for the others. Every build reads that of every other, so this never changes; and it is all zeros at
// first, because a copy that is being loaded just now is in the list before its pointers are set.
struct Copy {
  std::atomic<Registry*> registry;
  std::atomic<bool> sampler_claimed;
};

constinit Copy this_copy asm("offloop_this_copy") = {};

#if defined(__linux__)

// ELF's way: lengths of the name and of what comes after it, a type, the name. What comes is how far away the copy is.
asm(R"(
  .pushsection .note.offloop, "a", %note
  .balign 4
  .long 8, 8, 1
  .asciz "offloop"
  .quad offloop_this_copy - .
  .popsection
)");

// Of one loaded object.
struct Notes {
  Copy* copy = nullptr;
  std::string_view build_id;
};

Notes NotesOf(const dl_phdr_info& object) noexcept {
  using namespace std::string_view_literals;
  Notes notes;
  for (size_t index = 0; index < object.dlpi_phnum; ++index) {
    const ElfW(Phdr)& segment = object.dlpi_phdr[index];
    if (segment.p_type != PT_NOTE) continue;
    const size_t align = segment.p_align == 8 ? 8 : 4;
    const auto padded = [align](size_t length) { return (length + align - 1) / align * align; };
    const char* const first = reinterpret_cast<const char*>(object.dlpi_addr + segment.p_vaddr);
    ElfW(Nhdr) note;
    for (size_t at = 0; at + sizeof(note) <= segment.p_memsz;) {
      std::memcpy(&note, first + at, sizeof(note));
      const std::string_view owner(first + at + sizeof(note), note.n_namesz);
      const size_t content = at + padded(sizeof(note) + note.n_namesz);
      at = content + padded(note.n_descsz);
      if (owner == "offloop\0"sv) {
        int64_t distance;
        std::memcpy(&distance, first + content, sizeof(distance));
        notes.copy = reinterpret_cast<Copy*>(reinterpret_cast<intptr_t>(first + content) + distance);
      } else if (owner == "GNU\0"sv && note.n_type == NT_GNU_BUILD_ID) {
        notes.build_id = {first + content, note.n_descsz};
      }
    }
  }
  return notes;
}

// The first copy for which `fits(its notes)`, or this one.
template <typename Fits>
Copy& First(Fits fits) noexcept {
  struct Search {
    Fits& fits;
    Copy* found = &this_copy;
  } search{fits};
  dl_iterate_phdr(
      [](dl_phdr_info* object, size_t, void* data) noexcept {
        auto& [fits, found] = *static_cast<Search*>(data);
        const Notes notes = NotesOf(*object);
        if (notes.copy == nullptr || !fits(notes)) return 0;
        found = notes.copy;
        return 1;
      },
      &search);
  return *search.found;
}

Copy& FirstOfAll() noexcept {
  return First([](const Notes&) { return true; });
}

Copy& FirstOfThisBuild() noexcept {
  std::string_view own;
  First([&own](const Notes& notes) {
    if (notes.copy == &this_copy) own = notes.build_id;
    return notes.copy == &this_copy;
  });
  return First([own](const Notes& notes) {
    return notes.copy == &this_copy || (!own.empty() && notes.build_id == own);
  });
}

#else

Copy& FirstOfAll() noexcept { return this_copy; }
Copy& FirstOfThisBuild() noexcept { return this_copy; }

#endif

}  // namespace

Registry& SharedRegistry() noexcept {
  std::atomic<Registry*>& place = FirstOfThisBuild().registry;
  auto fresh = std::make_unique<Registry>();
  Registry* shared = nullptr;
  // acq_rel: whoever finds it there finds what its constructor wrote.
  if (place.compare_exchange_strong(shared, fresh.get(), std::memory_order_acq_rel)) shared = fresh.release();
  return *shared;
}

bool ClaimSampler() noexcept {
  return !FirstOfAll().sampler_claimed.exchange(true, std::memory_order_relaxed);
}

void ReleaseSampler() noexcept { FirstOfAll().sampler_claimed.store(false, std::memory_order_relaxed); }

}  // namespace offloop::copies
