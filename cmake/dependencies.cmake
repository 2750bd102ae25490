# Everything comes from Debian 12 packages (scripts/setup installs them). One imported target a purpose, so that a layer says what it
# needs and nothing else.
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp REQUIRED CONFIG COMPONENTS core)

pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(PSL REQUIRED IMPORTED_TARGET libpsl)
pkg_check_modules(UNBOUND REQUIRED IMPORTED_TARGET libunbound)
pkg_check_modules(TOMLPP REQUIRED IMPORTED_TARGET tomlplusplus)

function(exota_dependency name)
  add_library(${name} INTERFACE)
  target_link_libraries(${name} INTERFACE ${ARGN})
endfunction()

exota_dependency(exota_idn PkgConfig::IDN2)
exota_dependency(exota_psl PkgConfig::PSL)
exota_dependency(exota_unbound PkgConfig::UNBOUND)
exota_dependency(exota_toml PkgConfig::TOMLPP)
exota_dependency(exota_json Boost::json)
exota_dependency(exota_cli CLI11::CLI11)
exota_dependency(exota_metrics prometheus-cpp::core)
exota_dependency(exota_asio Boost::headers Threads::Threads)
target_compile_definitions(exota_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_USE_STD_STRING_VIEW)
