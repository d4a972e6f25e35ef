#include "plugins/check/sanitized_library.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <glob.h>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

namespace fs = std::filesystem;

#if defined(__aarch64__)
constexpr std::string_view kMachine = "aarch64";
#else
constexpr std::string_view kMachine = "x86_64";
#endif
constexpr std::string_view kError = "ERROR: AddressSanitizer: ";
constexpr std::string_view kSummary = "SUMMARY: AddressSanitizer: ";
constexpr std::string_view kMemory = "Shadow bytes around";  // what follows nobody reads

/// The zero-terminated text of a library that begins so, "" when there is none.
std::string text_in(std::string_view library, std::string_view beginning) {
  const std::size_t at = library.find(beginning);
  if (at == std::string_view::npos) return "";
  return std::string(library.substr(at, std::min(library.find('\0', at), at + 64) - at));
}

std::vector<std::string> matches(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return paths;
}

/// The first number in a path, such as the 19 of /usr/lib/llvm-19/…
int first_number(std::string_view path) {
  const std::size_t at = path.find_first_of("0123456789");
  int number = 0;
  if (at != std::string_view::npos) std::from_chars(path.data() + at, path.data() + path.size(), number);
  return number;
}

std::string newest_of_clang() {
  std::vector<std::string> found;
  for (const std::string& folder :
       {std::string("/usr/lib/llvm-*/lib/clang/*/lib"), std::string("/usr/lib/clang/*/lib"),
        std::string("/usr/lib64/clang/*/lib")}) {
    for (const std::string& file : {fmt::format("{}/linux/libclang_rt.asan-{}.so", folder, kMachine),
                                    fmt::format("{}/{}-*/libclang_rt.asan.so", folder, kMachine)})
      for (std::string& path : matches(file)) found.push_back(std::move(path));
  }
  const auto newest =
      std::ranges::max_element(found, {}, [](const std::string& path) { return first_number(path); });
  return newest == found.end() ? "" : *newest;
}

std::string system_library(const std::string& name) {
  for (const std::string& folder :
       {std::string("/usr/lib/*-linux-gnu*"), std::string("/usr/lib64"), std::string("/usr/lib")})
    for (std::string& path : matches(folder + "/" + name)) return path;
  return "";
}

std::string_view line_at(std::string_view text, std::size_t at) {
  return text.substr(at, std::min(text.find('\n', at), text.size()) - at);
}

/// Without what tells builds apart, which is of use to nobody here.
std::string without_build(std::string_view line) {
  line = line.substr(0, line.find(" (BuildId"));
  while (line.ends_with(' ')) line.remove_suffix(1);
  return std::string(line);
}

/// What a frame of a trace says behind its address: "count counter.c:12:3 (libcounter.so+0x1234)".
std::string place_in(std::string_view frame) {
  const std::size_t at = frame.find(" in ");
  std::string place = without_build(at == std::string_view::npos ? frame : frame.substr(at + 4));
  constexpr std::string_view kUnknown = "<null> ";
  while (place.starts_with(kUnknown)) place.erase(0, kUnknown.size());
  return place;
}

std::uint64_t number_at(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// All leaks of one process together: they have one cause more often than not.
struct Leaks {
  std::uint64_t bytes = 0;
  std::uint64_t pieces = 0;
  std::string first;  ///< where the first was allocated
  std::string text;

  void take(std::string_view block, std::string_view library) {
    std::size_t at = block.find(" leak of ");
    std::string place;
    for (std::size_t line = 0; line < block.size(); line = block.find('\n', line) + 1) {
      const std::string_view frame = line_at(block, line);
      if (place.empty() && frame.find(library) != std::string_view::npos) place = place_in(frame);
      if (line + frame.size() >= block.size()) break;
    }
    if (place.empty()) return;
    bytes += number_at(block.substr(at + 9));
    at = block.find(" in ", at);
    if (at != std::string_view::npos) pieces += number_at(block.substr(at + 4));
    if (first.empty()) first = place;
    if (text.size() < kReportBytes) text.append(block.substr(0, kReportBytes - text.size())).append("\n");
  }
};

Leaks leaks_in(std::string_view text, std::string_view library) {
  Leaks leaks;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", at), text.size());
    const std::string_view block = text.substr(at, end - at);
    const std::string_view first = line_at(block, 0);
    if (first.starts_with("Direct leak of ") || first.starts_with("Indirect leak of "))
      leaks.take(block, library);
    at = end + 2;
  }
  return leaks;
}

}  // namespace

Instrumented instrumentation_of(std::string_view library) {
  // Put together here, so that this program, which may be looked at as well, does not have the words in it.
  const auto has_begin_of = [library](std::string_view sanitizer) {
    return library.find(fmt::format("__{}_init", sanitizer)) != std::string_view::npos;
  };
  Instrumented found{.address = has_begin_of("asan"), .thread = has_begin_of("tsan")};
  if (!found.address) return found;
  for (const std::string_view beginning : {"libasan.so.", "libclang_rt.asan"})
    if (found.runtime.empty()) found.runtime = text_in(library, beginning);
  return found;
}

Result<std::string> address_runtime(const Instrumented& library, const std::string& given) {
  std::error_code failed;
  if (!given.empty()) {
    if (fs::exists(given, failed)) return fs::absolute(given).string();
    return fail(ErrorCode::not_found,
                fmt::format("{}, named as AddressSanitizer's runtime, is not there", given));
  }
  const bool of_gcc = library.runtime.starts_with("libasan");
  const std::string found = of_gcc ? system_library(library.runtime) : newest_of_clang();
  if (!found.empty()) return found;
  return fail(
      ErrorCode::not_found,
      fmt::format("AddressSanitizer's runtime {} is not on this machine; install it ({}), or name its file "
                  "with --asan-runtime",
                  of_gcc ? library.runtime : fmt::format("libclang_rt.asan-{}.so of clang", kMachine),
                  of_gcc ? "Debian: libasan8 or its like" : "Debian: libclang-rt-19-dev"));
}

std::vector<Report> read_reports(std::string_view text, std::string_view library) {
  std::vector<Report> reports;
  if (const std::size_t at = text.find(kError); at != std::string_view::npos) {
    const std::size_t line = text.rfind('\n', at) == std::string_view::npos ? 0 : text.rfind('\n', at) + 1;
    const std::size_t summary = text.find(kSummary, at);
    reports.push_back({.summary = without_build(summary == std::string_view::npos
                                                    ? line_at(text, at + kError.size())
                                                    : line_at(text, summary + kSummary.size())),
                       .text = std::string(text.substr(
                           line, std::min(text.find(kMemory, line), line + kReportBytes) - line))});
  }
  const Leaks leaks = leaks_in(text, library);
  if (leaks.bytes > 0)
    reports.push_back(
        {.summary = fmt::format("{} bytes in {} pieces were never freed; the first was allocated in {}",
                                leaks.bytes, leaks.pieces, leaks.first),
         .text = leaks.text});
  return reports;
}

}  // namespace troupe::plugins
