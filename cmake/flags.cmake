# Language, warnings and hardening for everything. Warnings are errors where CS_WERROR says so (tests and CI do).
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
	set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

option(CS_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(CS_WERROR "warnings are errors" OFF)
option(CS_FUZZ "build the fuzz targets for libFuzzer (clang)" OFF)

add_compile_definitions(_GNU_SOURCE)
add_compile_options(
	-Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wformat-security -Wnull-dereference
	-Wdouble-promotion -Wimplicit-fallthrough -Wswitch-enum -Wredundant-decls)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
	add_compile_options(-Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wtrampolines)
endif()
if(CS_WERROR)
	add_compile_options(-Werror)
endif()

# OpenSSF compiler options hardening guide for C.
include(CheckCCompilerFlag)
add_compile_options(-fstack-protector-strong -fno-strict-overflow -fno-delete-null-pointer-checks -fstack-clash-protection)
check_c_compiler_flag(-ftrivial-auto-var-init=zero CS_HAS_AUTO_VAR_INIT) # clang before 16 asks for more words
if(CS_HAS_AUTO_VAR_INIT)
	add_compile_options(-ftrivial-auto-var-init=zero)
endif()
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
	add_compile_options(-fcf-protection=full)
elseif(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
	add_compile_options(-mbranch-protection=standard)
endif()
# What a module does not use of the rooms is left out of it: it is mapped into every sshd and sudo.
add_compile_options(-ffunction-sections -fdata-sections)
add_link_options(-Wl,--gc-sections -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed -Wl,--no-copy-dt-needed-entries)
if(CS_SANITIZE)
	add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
	add_link_options(-fsanitize=address,undefined)
else()
	if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
		add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
	endif()
endif()
# A fuzzer learns from what its inputs reach: in the rooms, not only in the target.
if(CS_FUZZ)
	add_compile_options(-fsanitize=fuzzer-no-link)
	add_link_options(-fsanitize=fuzzer-no-link)
endif()
