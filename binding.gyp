# One binary per ABI of Node.js: the addon uses v8.h, whose structs differ between releases. scripts/build-native.mjs
# and `offloop rebuild` drive it, both on a copy of it and of native/. native/CMakeLists.txt builds the same sources, for
# the unit tests and the sanitizers.
#
# The package has it as native/binding.gyp: for one in its root pnpm 10 warns of an install script that it ignored.
{
  # 1: for other machines than this one, older ones included.
  'variables': { 'portable%': 0 },
  'targets': [{
    'target_name': 'offloop',
    'sources': [
      'native/addon.cc',
      'native/copies.cc',
      'native/folding.cc',
      'native/gc_time.cc',
      'native/glibc_compat.cc',
      'native/heap_count.cc',
      'native/heap_profile.cc',
      'native/heap_sampling.cc',
      'native/isolate_probe.cc',
      'native/registry.cc',
      'native/stack_taker.cc',
      'native/termination.cc',
      'native/unix_datagram.cc',
    ],
    # Put there by whoever builds, and shipped with the package: three headers of the npm package of that name.
    'include_dirs': ['native/node-addon-api'],
    # The last: a thread that is being terminated can throw nothing, which is no reason to abort the process.
    'defines': ['NAPI_VERSION=9', 'NAPI_DISABLE_CPP_EXCEPTIONS', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
    'conditions': [
      ['OS == "linux"', {
        # Node's own headers say gnu++17 up to 22.
        'cflags_cc!': ['-std=gnu++17'],
        'cflags_cc': ['-std=gnu++20', '-fno-exceptions', '-fvisibility=hidden', '-Wall', '-Wextra'],
        'ldflags': [
          # Never unloaded: dlclose() at the end of a worker would pull the code from under hooks of other threads.
          '-Wl,-z,nodelete',
          # Whatever is missing, a source of the list above or a function that a runtime lacks, fails when the addon is
          # loaded, and perf_hooks measure. Looked up at its first call it would end the process; that all of them are
          # looked up at once takes 0.2 ms of a start.
          '-Wl,-z,now',
          '-Wl,--version-script=../native/exports.map',
          '-Wl,--gc-sections',
          # By which copies of the addon in one process know that they are the same (native/copies.h).
          '-Wl,--build-id',
        ],
        'cflags': ['-ffunction-sections', '-fdata-sections'],
        'configurations': { 'Release': { 'cflags!': ['-O3'], 'cflags': ['-O2'] } },
      }],
      ['OS == "linux" and portable == 1', {
        # std::vector of g++ 11 and later asks for GLIBCXX_3.4.29, which RHEL 8 and Ubuntu 20.04 lack; a private copy
        # asks for nothing. libgcc stays shared: the unwinder of a static one asks for GLIBC_2.35. glibc_compat.cc
        # does the rest, test/packaging checks the result. Not at a user's, where libstdc++.a may be missing (Fedora
        # has it in a package of its own).
        'ldflags': ['-static-libstdc++'],
      }],
      ['OS == "mac"', {
        'xcode_settings': {
          'CLANG_CXX_LANGUAGE_STANDARD': 'gnu++20',
          'GCC_ENABLE_CPP_EXCEPTIONS': 'NO',
          'GCC_OPTIMIZATION_LEVEL': '2',
          'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
          'MACOSX_DEPLOYMENT_TARGET': '11.0',
        },
      }],
      ['OS == "win"', {
        # uv.h brings windows.h, whose macros min and max would replace std::min.
        'defines': ['NOMINMAX'],
        'msvs_settings': {
          'VCCLCompilerTool': { 'AdditionalOptions': ['/std:c++20', '/Zc:__cplusplus'], 'ExceptionHandling': 0 },
        },
      }],
    ],
  }],
}
