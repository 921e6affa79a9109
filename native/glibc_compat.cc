// Keeps the addon loadable by glibc 2.28 (RHEL 8, Debian 10, Ubuntu 20.04) when it is built on a newer one.
//
// libstdc++ asks glibc whether the process has one thread only, to spare itself atomic operations in shared_ptr and
// the like. That variable came with glibc 2.32, and was all that we needed of it. This one answers in its place,
// for this library only (exports.map): no, there are more threads, which under Node.js is always true.
#include <cstdlib>  // defines __GLIBC__

#if defined(__GLIBC__)
extern "C" {
extern char __libc_single_threaded;
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;
}
#endif
