# Programs of the milter benchmark; bench/run drives them (docs/benchmarks.md).
add_executable(milter_load milter_load.cc milter_script.cc)
target_link_libraries(milter_load PRIVATE exota_milter fmt::fmt)
add_executable(frame_reader frame_reader.cc)
target_link_libraries(frame_reader PRIVATE exota_milter)

find_library(EXOTA_LIBMILTER milter)
if(EXOTA_LIBMILTER)
  add_executable(noop_libmilter noop_libmilter.c)
  target_link_libraries(noop_libmilter PRIVATE ${EXOTA_LIBMILTER} Threads::Threads)
endif()
