# C++23 with clang 19, and its vectors (base/sixteen.h). What cannot build this is refused with the reason.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} has no vectors of clang's kind: use clang-19 (CXX=clang++-19)")
endif()
if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "clang ${CMAKE_CXX_COMPILER_VERSION} cannot read std::expected of libstdc++ 12: use clang-19 (CXX=clang++-19)")
endif()

find_program(EXOTA_CCACHE ccache)
if(EXOTA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${EXOTA_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${EXOTA_CCACHE})
endif()

option(EXOTA_UNIT_TESTS "build the tests of each folder" ON)
option(EXOTA_FUZZ  "build the fuzz targets (clang's libFuzzer)" OFF)
option(EXOTA_BENCH "build the benchmarks" OFF)
option(EXOTA_TRAIN "build what a trained build learns from (packaging/profile)" OFF)
set(EXOTA_PROFILE "" CACHE FILEPATH "profile by which to compile (scripts/train makes one)")
set(EXOTA_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize= (address,undefined or thread)")

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
                    -Wimplicit-fallthrough -Wno-missing-designated-field-initializers -Werror=return-type -fno-omit-frame-pointer)
if(EXOTA_WERROR)
  add_compile_options(-Werror)
endif()
if(EXOTA_SANITIZE)
  add_compile_options(-fsanitize=${EXOTA_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${EXOTA_SANITIZE})
else()
  add_compile_options(-fstack-protector-strong -D_GLIBCXX_ASSERTIONS)
  add_link_options(-Wl,-z,relro,-z,now)
endif()
if(EXOTA_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections)
  add_link_options(-Wl,--gc-sections)  # what nobody calls is not installed
endif()
if(EXOTA_PROFILE)  # functions that the training never called, or so seldom that all of them make a ten-thousandth of its work, are made small
  add_compile_options(-fprofile-use=${EXOTA_PROFILE} -Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date -Wno-backend-plugin
                      "SHELL:-mllvm -pgo-cold-func-opt=minsize" "SHELL:-mllvm -profile-summary-cutoff-cold=999900")
endif()
# Libraries of rooms that a program does not use are no dependency of it.
add_link_options(-Wl,--as-needed)
find_program(EXOTA_LLD ld.lld-19)
if(EXOTA_LLD)
  add_link_options(--ld-path=${EXOTA_LLD})
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_link_options(-Wl,--icf=safe)  # the same code once
  endif()
endif()
find_package(Threads REQUIRED)
