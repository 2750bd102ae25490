# The gateway's load; bench/gateway drives it (docs/benchmarks.md).
add_executable(smtp_load ${CMAKE_CURRENT_SOURCE_DIR}/smtp_load.cc)
target_link_libraries(smtp_load PRIVATE fmt::fmt OpenSSL::SSL Threads::Threads)
