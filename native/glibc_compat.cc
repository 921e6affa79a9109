// Keeps the addon loadable by glibc 2.28 (RHEL 8, Debian 10, Ubuntu 20.04) when it is built on a newer one, and by
// musl when it is built against a libstdc++ that was made for glibc.
//
// libstdc++ asks glibc whether the process has one thread only, to spare itself atomic operations in shared_ptr and
// the like. That variable came with glibc 2.32, and musl has none; it was all that we needed of either. This one
// answers in its place, for this library only (exports.map): no, there are more threads, which under Node.js is always
// true.
#if defined(__linux__)
extern "C" {
extern char __libc_single_threaded;
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;
}
#endif
