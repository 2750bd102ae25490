# The SMTP protocol alone: commands and DATA without I/O.
add_executable(smtp_bench ${CMAKE_CURRENT_SOURCE_DIR}/smtp_bench.cc)
target_link_libraries(smtp_bench PRIVATE exota_smtp benchmark::benchmark)
