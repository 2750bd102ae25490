# Run by hand: docs/decisions/0009-tls-on-the-readiness-idiom.md has its figures.
add_executable(tls_idle ${CMAKE_CURRENT_SOURCE_DIR}/tls_idle.cc ${PROJECT_SOURCE_DIR}/src/net/tls_helper.cc)
target_link_libraries(tls_idle PRIVATE exota_net exota_asio OpenSSL::SSL)
