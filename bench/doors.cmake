# Run by hand: what an inbound door costs besides verification.
add_executable(doors ${CMAKE_CURRENT_SOURCE_DIR}/doors.cc)
target_link_libraries(doors PRIVATE exota_decision)
