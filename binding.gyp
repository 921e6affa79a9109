# One binary per ABI of Node.js: the addon uses v8.h, whose structs differ between releases. scripts/build-native.mjs
# drives it. native/CMakeLists.txt builds the same sources, for the unit tests and the sanitizers.
{
  'targets': [{
    'target_name': 'offloop',
    'sources': [
      'native/addon.cc',
      'native/gc_recorder.cc',
      'native/glibc_compat.cc',
      'native/isolate_probe.cc',
      'native/registry.cc',
      'native/termination.cc',
    ],
    'include_dirs': ['<!(node -p "require(\'node-addon-api\').include_dir")'],
    'defines': ['NAPI_VERSION=9', 'NAPI_DISABLE_CPP_EXCEPTIONS'],
    'conditions': [
      ['OS == "linux"', {
        # Node's own headers say gnu++17 up to 22.
        'cflags_cc!': ['-std=gnu++17'],
        'cflags_cc': ['-std=gnu++20', '-fno-exceptions', '-fvisibility=hidden', '-Wall', '-Wextra'],
        'ldflags': [
          # Never unloaded: dlclose() at the end of a worker would pull the code from under hooks of other threads.
          '-Wl,-z,nodelete',
          # A source missing from the list above fails when the addon is loaded, not when it is first called.
          '-Wl,-z,now',
          # std::vector of g++ 11 and later asks for GLIBCXX_3.4.29, which RHEL 8 and Ubuntu 20.04 lack; a private
          # copy asks for nothing (Fedora: package libstdc++-static). libgcc stays shared: the unwinder of a static
          # one asks for GLIBC_2.35. native/glibc_compat.cc does the rest, npm run check:package checks the result.
          '-static-libstdc++',
          '-Wl,--version-script=../native/exports.map',
          '-Wl,--gc-sections',
        ],
        'cflags': ['-ffunction-sections', '-fdata-sections'],
        'configurations': { 'Release': { 'cflags!': ['-O3'], 'cflags': ['-O2'] } },
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
        'msvs_settings': {
          'VCCLCompilerTool': { 'AdditionalOptions': ['/std:c++20', '/Zc:__cplusplus'], 'ExceptionHandling': 0 },
        },
      }],
    ],
  }],
}
