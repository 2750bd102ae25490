# The standard library, and in tests GoogleTest, read from a precompiled header: a third less to compile. Sanitized builds have it for all;
# a release for its tests only, because it proves that each file of ours includes what it uses; dev and package have none.
set(EXOTA_PRECOMPILED "" CACHE STRING "what reads a precompiled header of the standard library and GoogleTest: library, test")

function(exota_use_precompiled target kind)
  if(kind IN_LIST EXOTA_PRECOMPILED)
    target_precompile_headers(${target} REUSE_FROM exota_precompiled_${kind})
  endif()
endfunction()

function(exota_precompiled name)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/precompiled/${name}.cc "")
  add_library(${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/precompiled/${name}.cc)
  target_precompile_headers(${name} PRIVATE <algorithm> <array> <atomic> <charconv> <chrono> <deque> <expected> <filesystem> <fstream> <functional>
                            <map> <memory> <mutex> <optional> <random> <set> <span> <sstream> <string> <string_view> <thread> <unordered_map> <utility>
                            <variant> <vector> ${ARGN})
endfunction()

if(EXOTA_PRECOMPILED)
  # A compiler cache takes a precompiled header for what its text is, not for when it was written.
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  if(EXOTA_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${EXOTA_CCACHE})
  endif()
  exota_precompiled(exota_precompiled_library)
  exota_precompiled(exota_precompiled_test <gtest/gtest.h>)
  target_link_libraries(exota_precompiled_test PRIVATE GTest::gtest)
  target_compile_options(exota_precompiled_test PRIVATE ${EXOTA_TEST_OPTIONS})
endif()
