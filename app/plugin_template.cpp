#include "app/plugin_template.h"

#include "app/embedded_sources.h"
#include "app/private_files.h"
#include "app/version.h"
#include "runtime/sandbox/command.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <string_view>

#include <fmt/format.h>

namespace troupe::app {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCpp = R"x(#include "troupe_plugin.hpp"

TROUPE_TOOL(@NAME@, "Counts the words of a text", R"({
  "type": "object", "required": ["text"],
  "properties": {"text": {"type": "string", "description": "what is counted"}}})",
            troupe::pure) {
  // What is returned is what the agent reads; what is thrown ends the call with its words.
  const std::string text = call.text("text");
  long words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t';
    if (!space && !inside) ++words;
    inside = !space;
  }
  return std::to_string(words) + " words";
}

TROUPE_PLUGIN("@NAME@", "0.1", "Counts words")
)x";

constexpr std::string_view kC = R"x(#include "troupe_plugin.h"

#include <stdio.h>

static const troupe_calls* calls;

/* The input is JSON, valid against input_schema; a real plugin reads it with a JSON library. This one counts the
   spaces between words in it as it stands. */
static void count(const troupe_service* service, troupe_call* call) {
  const troupe_span input = calls->input(call);
  char text[64];
  unsigned long words = 1;
  (void)service;
  for (uint64_t i = 0; i < input.size; ++i) words += input.data[i] == ' ';
  troupe_span answer = {text, 0}, none = {0, 0};
  answer.size = (uint64_t)snprintf(text, sizeof text, "about %lu words", words);
  calls->finish(call, TROUPE_OK, answer, none); /* exactly once, also from another thread */
}

static const troupe_service counter = {
    .struct_size = TROUPE_SIZE(troupe_service),
    .kind = "tool",
    .name = "@NAME@",
    .description = "Counts the words of a text",
    .input_schema = "{\"type\": \"object\", \"required\": [\"text\"],"
                    " \"properties\": {\"text\": {\"type\": \"string\"}}}",
    .effect = TROUPE_PURE,
    .handle = count,
};

static const troupe_service* const* services(uint32_t* how_many) {
  static const troupe_service* const all[] = {&counter};
  *how_many = 1;
  return all;
}

static troupe_status init(const troupe_host* host, troupe_span config, char* why, size_t why_size) {
  (void)config, (void)why, (void)why_size;
  calls = (const troupe_calls*)host->capability(host, TROUPE_CALLS);
  return calls ? TROUPE_OK : TROUPE_UNAVAILABLE;
}

extern TROUPE_EXPORT const troupe_plugin troupe_plugin_entry;
const troupe_plugin troupe_plugin_entry = {
    .struct_size = TROUPE_SIZE(troupe_plugin),
    .abi = TROUPE_ABI,
    .name = "@NAME@",
    .version = "0.1",
    .description = "Counts words",
    .init = init,
    .services = services,
};
)x";

constexpr std::string_view kCMake = R"x(cmake_minimum_required(VERSION 3.20)
project(@NAME@ LANGUAGES @LANGUAGE@)

add_library(@NAME@ MODULE @SOURCE@)
set_target_properties(@NAME@ PROPERTIES C_STANDARD 99 CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON
  POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden)

# ctest holds the library against the ABI, and calls the tool as an agent would.
enable_testing()
find_program(TROUPE troupe)
if(NOT TROUPE)
  message(FATAL_ERROR "`troupe` is not in PATH; say where it is: cmake -B build -DTROUPE=/path/to/troupe")
endif()
add_test(NAME abi COMMAND ${TROUPE} plugin check $<TARGET_FILE:@NAME@>)
)x";

constexpr std::string_view kYaml = R"x(version: 1
models:
  main: { provider: builtin }   # replace it by a language model, which uses tools by itself
plugins:
  @NAME@: { path: ./build/lib@NAME@.so }
tools:
  @NAME@: { type: plugin, plugin: @NAME@, tool: @NAME@ }
agents:
  helper:
    description: answers with what the plugin says
    instructions: Answer questions; use your tools.
    model: main
    tools: [@NAME@]
default: helper
)x";

constexpr std::string_view kReadme = R"x(# @NAME@

A plugin of Troupe @VERSION@.

    cmake -B build && cmake --build build && ctest --test-dir build --output-on-failure
    troupe tools call -c troupe.yaml @NAME@ '{"text": "one two three"}'

Where `troupe` is not in PATH, `cmake -B build -DTROUPE=/path/to/troupe` says where it is.

Without CMake:

    @COMPILE@

`@SOURCE@` is all of it; `troupe_plugin.h` says what may be done and what must not.
)x";

bool good_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name.front() >= 'a' && name.front() <= 'z' &&
         std::ranges::all_of(
             name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

std::string filled(std::string_view text, const std::map<std::string, std::string>& values) {
  std::string out(text);
  for (const auto& [place, value] : values)
    for (std::size_t at = out.find(place); at != std::string::npos; at = out.find(place, at + value.size()))
      out.replace(at, place.size(), value);
  return out;
}

/// As one word of a shell's line.
std::string as_word(const std::string& text) {
  const bool plain = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._+-").find(c) != std::string_view::npos;
  });
  return plain ? text : "'" + filled(text, {{"'", R"('\'')"}}) + "'";
}

/// What tells CMake of this program, where it is not the `troupe` that PATH leads to.
std::string option_for_cmake() {
  std::error_code failed;
  const fs::path self = fs::read_symlink("/proc/self/exe", failed);
  if (failed) return "";
  const char* const path = std::getenv("PATH");
  const auto found = sandbox::find_program("troupe", path ? path : "", "/");
  if (found && fs::equivalent(*found, self, failed)) return "";
  return " -DTROUPE=" + as_word(self.string());
}

}  // namespace

Result<std::string> write_plugin_template(const std::string& name, const std::string& language,
                                          const fs::path& parent) {
  if (!good_name(name))
    return fail(
        ErrorCode::invalid,
        fmt::format("`{}` cannot be a plugin's name: write small letters, digits and `_`, a letter first",
                    name));
  const WriteAsUser as_user;
  const fs::path folder = parent / name;
  std::error_code failed;
  if (!fs::create_directory(folder, failed))
    return fail(failed ? ErrorCode::store : ErrorCode::conflict,
                fmt::format("{}: {}", folder.string(), failed ? failed.message() : "is there already"));
  const bool c = language == "c";
  const std::string source = name + (c ? ".c" : ".cpp");
  const std::string compile =
      fmt::format("mkdir -p build && {} -O2 -shared -fPIC -fvisibility=hidden -I. {} -o build/lib{}.so",
                  c ? "cc -std=c99" : "c++ -std=c++20", source, name);
  const std::map<std::string, std::string> values = {{"@NAME@", name},
                                                     {"@SOURCE@", source},
                                                     {"@COMPILE@", compile},
                                                     {"@LANGUAGE@", c ? "C" : "CXX"},
                                                     {"@VERSION@", kVersion}};
  std::map<std::string, std::string> files = {{source, filled(c ? kC : kCpp, values)},
                                              {"CMakeLists.txt", filled(kCMake, values)},
                                              {"troupe.yaml", filled(kYaml, values)},
                                              {"README.md", filled(kReadme, values)},
                                              {"troupe_plugin.h", std::string(plugin_header())}};
  if (!c) files["troupe_plugin.hpp"] = plugin_sdk_header();
  for (const auto& [file, text] : files) {
    std::ofstream out(folder / file, std::ios::binary);
    out << text;
    if (!out.flush())
      return fail(ErrorCode::store, fmt::format("{}: {}", (folder / file).string(), std::strerror(errno)));
  }
  std::string next = fmt::format("{}/\n", name);
  for (const auto& [file, text] : files) next += fmt::format("  {}\n", file);
  return next + fmt::format(
                    "Build and test it:\n  cd {} && cmake -B build{} && cmake --build build && ctest "
                    "--test-dir build\nor, without CMake:\n  cd {} && {}\n",
                    name, option_for_cmake(), name, compile);
}

}  // namespace troupe::app
