#include "plugins/check/sanitized_library.h"

#include "plugins/check/report_folder.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::plugins;

namespace {

const char* kOverflow = R"(=================================================================
==17==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x502000000018 at pc 0x7f68 bp 0x7fff sp 0x7ffe
WRITE of size 1 at 0x502000000018 thread T0
    #0 0x7f68709205c1 in overflow /src/careless.c:33:17 (libcareless.so+0x25c1) (BuildId: d9a0)

SUMMARY: AddressSanitizer: heap-buffer-overflow /src/careless.c:33:17 in overflow (BuildId: d9a0)
Shadow bytes around the buggy address:
  0x501ffffffd80: 00 00 00 00
==17==ABORTING
)";

const char* kLeaks = R"(
=================================================================
==18==ERROR: LeakSanitizer: detected memory leaks

Direct leak of 240 byte(s) in 5 object(s) allocated from:
    #0 0x7fab91709a4f in <null> <null> (libclang_rt.asan-x86_64.so+0x109a4f) (BuildId: 93aa)
    #1 0x7fab9213755a in <null> <null> (libcareless.so+0x255a) (BuildId: d9a0)

Direct leak of 99 byte(s) in 1 object(s) allocated from:
    #0 0x7fab91709a4f in <null> <null> (libclang_rt.asan-x86_64.so+0x109a4f) (BuildId: 93aa)
    #1 0x7fab92168249 in <null> <null> (libother.so+0x27249) (BuildId: 93ac)

Indirect leak of 8 byte(s) in 1 object(s) allocated from:
    #1 0x7fab9213755a in leak /src/careless.c:21 (libcareless.so+0x255a) (BuildId: d9a0)

SUMMARY: AddressSanitizer: 347 byte(s) leaked in 7 allocation(s).
)";

std::string library_with(std::string_view text) {
  return std::string(
             "\x7f"
             "ELF\0\0",
             6) +
         std::string(text) + std::string("\0libc.so.6\0", 11);
}

}  // namespace

TEST_CASE("what a library was built with is read out of its bytes") {
  CHECK_FALSE(instrumentation_of(library_with("printf")).address);
  CHECK_FALSE(instrumentation_of("").address);
  const Instrumented clang = instrumentation_of(library_with("__asan_init"));
  CHECK(clang.address);
  CHECK(clang.runtime.empty());
  CHECK(instrumentation_of(library_with(std::string("__asan_init\0libasan.so.8", 24))).runtime ==
        "libasan.so.8");
  CHECK(
      instrumentation_of(library_with(std::string("__asan_init\0libclang_rt.asan-x86_64.so", 38))).runtime ==
      "libclang_rt.asan-x86_64.so");
  CHECK(instrumentation_of(library_with("__tsan_init")).thread);
}

TEST_CASE("the runtime that is named is taken, and one that is not there is said to be missing") {
  CHECK(address_runtime({.address = true}, "/proc/self/exe").value_or("") == "/proc/self/exe");
  const auto named = address_runtime({.address = true}, "/nowhere/libasan.so");
  REQUIRE_FALSE(named);
  CHECK(named.error().code == ErrorCode::not_found);
  const auto missing = address_runtime({.address = true, .runtime = "libasan.so.4711"}, "");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.find("libasan.so.4711 is not on this machine") != std::string::npos);
}

TEST_CASE("a report of an overflow says what and where, without the memory around it") {
  const auto reports = read_reports(kOverflow, "libcareless.so");
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].summary == "heap-buffer-overflow /src/careless.c:33:17 in overflow");
  CHECK(reports[0].text.find("WRITE of size 1") != std::string::npos);
  CHECK(reports[0].text.find("Shadow") == std::string::npos);
}

TEST_CASE("of leaks those count that the library made, together") {
  const auto reports = read_reports(kLeaks, "libcareless.so");
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].summary ==
        "248 bytes in 6 pieces were never freed; the first was allocated in (libcareless.so+0x255a)");
  CHECK(reports[0].text.find("libother") == std::string::npos);
  CHECK(read_reports(kLeaks, "libsomething.so").empty());
}

TEST_CASE("a report that is cut off anywhere is read as far as it goes") {
  for (const std::string& whole : {std::string(kOverflow), std::string(kLeaks)})
    for (std::size_t size = 0; size <= whole.size(); ++size)
      for (const Report& report : read_reports(std::string_view(whole).substr(0, size), "libcareless.so"))
        CHECK_FALSE(report.text.empty());
  CHECK(read_reports("", "libcareless.so").empty());
}

TEST_CASE("a folder for reports is there for a worker to write in, is read, and goes") {
  std::string path;
  {
    auto made = ReportFolder::make();
    REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
    const ReportFolder folder(std::move(*made));
    path = folder.path();
    CHECK(folder.read("libcareless.so").empty());
    std::ofstream(path + "/report.17") << kOverflow;
    std::ofstream(path + "/report.18") << kLeaks;
    CHECK(folder.read("libcareless.so").size() == 2);
    for (std::size_t i = 0; i < 2 * kReportsMost; ++i)
      std::ofstream(path + "/report.2" + std::to_string(i)) << kOverflow;
    CHECK(folder.read("libcareless.so").size() == kReportsMost);

    const auto preloaded = folder.environment("/usr/lib/libasan.so.8");
    REQUIRE(preloaded.size() == 2);
    CHECK(preloaded[0].find("ASAN_OPTIONS=detect_leaks=1:log_path=" + path + "/report:") == 0);
    CHECK(preloaded[1] == "LD_PRELOAD=/usr/lib/libasan.so.8");
    CHECK(folder.environment("").size() == 1);
  }
  CHECK_FALSE(std::filesystem::exists(path));
}
