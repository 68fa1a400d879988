# Installs the program, the library, its headers, and what find_package(gramian) needs.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS gramian EXPORT gramian-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS gramian_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY gramian DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h" PATTERN "*-inl.h" EXCLUDE PATTERN "cli" EXCLUDE)

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/gramian)
install(EXPORT gramian-targets NAMESPACE gramian:: DESTINATION ${config_folder})
configure_package_config_file(cmake/gramian-config.cmake.in ${PROJECT_BINARY_DIR}/gramian-config.cmake
                              INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/gramian-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/gramian-config.cmake ${PROJECT_BINARY_DIR}/gramian-config-version.cmake
        DESTINATION ${config_folder})
