# Run by hand: what a change of few tenants costs beside building all of them anew.
add_executable(index_bench ${CMAKE_CURRENT_SOURCE_DIR}/index_bench.cc)
target_link_libraries(index_bench PRIVATE exota_gate exota_directory)
