# bench/tenants.sh drives it.
add_executable(tenants_load ${CMAKE_CURRENT_SOURCE_DIR}/tenants_load.cc)
target_link_libraries(tenants_load PRIVATE exota_directory)
