# Run by hand: docs/decisions/0007-own-name-table.md has its figures.
add_executable(names ${CMAKE_CURRENT_SOURCE_DIR}/names.cc)
target_link_libraries(names PRIVATE exota_tenant)
