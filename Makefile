# Short names for the commands that people type most. Everything is built by CMake (CMakePresets.json).
.PHONY: all demo test install format fuzz clean
all:
	cmake --preset release && cmake --build --preset release --target exota
demo:
	scripts/demo
test:
	scripts/test
install: all
	cmake --install build/release --prefix $(or $(PREFIX),/usr/local)
format:
	git ls-files '*.cc' '*.h' | xargs clang-format-19 -i
fuzz:
	scripts/fuzz
clean:
	rm -rf build
