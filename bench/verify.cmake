# Verification alone, beside the bare OpenSSL operations it is made of.
find_package(benchmark REQUIRED)
add_executable(verify_bench verify_bench.cc verify_worst.cc ${PROJECT_SOURCE_DIR}/src/authn/dkim_sign_helper.cc)
target_link_libraries(verify_bench PRIVATE exota_authn OpenSSL::Crypto benchmark::benchmark)
