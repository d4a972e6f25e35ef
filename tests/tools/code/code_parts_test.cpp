// What the code tool is made of, without an interpreter.
#include "tests/fakes/temp_dir.h"
#include "tools/builtin/code/code_run.h"
#include "tools/builtin/code/interpreter.h"
#include "tools/builtin/code/kept_output.h"
#include "tools/builtin/code/python_runner.h"
#include "tools/builtin/code/work_folder.h"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;

namespace {

namespace fs = std::filesystem;

KeptOutput kept(std::size_t most, std::initializer_list<std::string_view> pieces) {
  KeptOutput output(most);
  for (const auto piece : pieces) output.add(piece);
  return output;
}

CodeOutcome outcome(CodeOutcome::Why why, std::string_view output = "", std::string_view errors = "") {
  CodeOutcome made(1'000);
  made.why = why;
  made.output.add(output);
  made.errors.add(errors);
  return made;
}

}  // namespace

TEST_CASE("kept output: what fits is whole, however it came") {
  CHECK(kept(10, {}).text(10).empty());
  CHECK(kept(10, {"0123456789"}).text(10) == "0123456789");
  CHECK(kept(10, {"01", "", "2345", "6789"}).text(10) == "0123456789");
}

TEST_CASE("kept output: of more, both ends stay and the middle is counted, however it came") {
  const std::string whole = "0123456789abcdefghijKLMNOPQRST";
  const std::string expected = "01234\n[… 20 bytes of 30 left out here …]\nPQRST";
  for (std::size_t piece = 1; piece <= whole.size(); ++piece) {
    KeptOutput output(10);
    for (std::size_t at = 0; at < whole.size(); at += piece)
      output.add(std::string_view(whole).substr(at, piece));
    CHECK(output.text(10) == expected);
    CHECK(output.total() == 30);
    CHECK(output.text(4) == "01\n[… 26 bytes of 30 left out here …]\nST");
  }
  CHECK(kept(10, {"0123456789a"}).text(10) == "01234\n[… 1 bytes of 11 left out here …]\n6789a");
  KeptOutput endless(1'000);
  for (int i = 0; i < 10'000; ++i) endless.add("0123456789");
  CHECK(endless.total() == 100'000);
  CHECK(endless.text(1'000).size() < 1'100);
}

TEST_CASE("kept output: no character is cut in two, and what is none is written as Python does") {
  CHECK(kept(7, {"ééé", "üüü"}).text(7) == "é\n[… 6 bytes of 12 left out here …]\nüü");
  CHECK(readable_output(std::string_view("a\0b\xff\x1b[0m\x7f\t\n", 11)) == "a\\x00b\\xff\\x1b[0m\\x7f\t\n");
  CHECK(readable_output("one\r\ntwo\rthree") == "one\ntwo\nthree");
  CHECK(readable_output("日本\xe6") == "日本\\xe6");
}

TEST_CASE("code: an outcome begins with how it ended, in words") {
  const CodeSettings settings{.output_bytes = 100};
  using Why = CodeOutcome::Why;
  CHECK(outcome_text(outcome(Why::ended, "out\n"), settings) == "[exit status 0]\nout");
  CHECK(outcome_text(outcome(Why::ended), settings) == "[exit status 0; nothing was printed]");
  CHECK(outcome_text(outcome(Why::ended, "", "bad\n"), settings) == "[exit status 0; standard error:]\nbad");
  CHECK(outcome_text(outcome(Why::time, "o", "e"), settings) ==
        "[it ran longer than 10 s and was killed]\no\n[standard error:]\ne");
  CHECK(outcome_text(outcome(Why::flood, "o"), settings)
            .contains("[it wrote more than 16 MiB and was killed]"));
  CHECK(outcome_text(outcome(Why::folder), settings).contains("its folder held more than 64 MiB"));
  CHECK(outcome_text(outcome(Why::hidden), settings).contains("folders that cannot be looked into"));
  CHECK(outcome_text(outcome(Why::stopped), settings).contains("when the time of the call was over"));
  auto killed = outcome(Why::ended);
  killed.ending.signal = SIGKILL;
  CHECK(outcome_text(killed, settings).contains("SIGKILL (the machine may be short of memory)"));
  killed.ending.signal = SIGXCPU;
  CHECK(outcome_text(killed, settings).contains("processor time is used up"));

  // What one stream does not need is the other's.
  const auto shared = outcome_text(outcome(Why::ended, std::string(500, 'o'), "short"), settings);
  CHECK(shared.contains("left out here"));
  CHECK(shared.contains("short"));
  const auto errors = outcome_text(outcome(Why::ended, "short", std::string(500, 'e')), settings);
  CHECK(errors.contains("\nshort\n"));
  CHECK(errors.contains("[… 405 bytes of 500 left out here …]"));
}

TEST_CASE("code: sizes are in the units that configurations have") {
  CHECK(size_text(std::size_t{512} << 20) == "512 MiB");
  CHECK(size_text(6 << 10) == "6 KiB");
  CHECK(size_text(1'000) == "1000 bytes");
  CHECK(size_text(0) == "0 bytes");
}

TEST_CASE("code: what its process reads is how long the code is, the code, and the rest") {
  CHECK(runner_input("print(1)", "in\nput") == "0000000000000008print(1)in\nput");
  CHECK(runner_input("é", "") == "0000000000000002é");
  const auto arguments = runner_arguments("/tmp/f", "512 MiB", "16 MiB");
  CHECK(arguments.front() == "-I");
  CHECK(arguments.back() == "16 MiB");
}

TEST_CASE("a working folder is empty and its maker's alone, and gone with all that was put into it") {
  const fakes::TempDir parent;
  std::string path;
  {
    auto made = WorkFolder::make(parent.path());
    REQUIRE(made);
    path = made->path();
    CHECK(fs::is_empty(path));
    CHECK((fs::status(path).permissions() & fs::perms::all) == fs::perms::owner_all);
    // Deep, wide, shut, and full of links.
    fs::create_directories(path + "/a/b/c/d/e");
    fs::create_directories(path + "/1/2/1/2");
    for (int i = 0; i < 50; ++i) std::ofstream(path + "/a/b/" + std::to_string(i)) << "x";
    std::ofstream(parent.path() / "kept") << "x";
    fs::create_directory_symlink(parent.path(), path + "/a/up");
    fs::create_symlink(parent.path() / "kept", path + "/a/b/kept");
    fs::permissions(path + "/a/b/c", fs::perms::none);
    fs::permissions(path + "/1", fs::perms::owner_read);
  }
  CHECK_FALSE(fs::exists(path));
  CHECK(fs::exists(parent.path() / "kept"));
  CHECK(WorkFolder::make("/no/such/folder").error().code == ErrorCode::store);
}

TEST_CASE("a working folder deeper than any path is removed") {
  const fakes::TempDir parent;
  auto made = WorkFolder::make(parent.path());
  REQUIRE(made);
  int at = ::open(made->path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int i = 0; i < 800; ++i) {
    REQUIRE(::mkdirat(at, "deeper", 0700) == 0);
    const int next = ::openat(at, "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    REQUIRE(next >= 0);
    ::close(at);
    at = next;
  }
  ::close(at);
  CHECK(use_of(made->path(), 1u << 30, 10'000).hidden);
  made->remove();
  CHECK(fs::is_empty(parent.path()));
}

TEST_CASE("what a working folder holds is counted, and no further than is asked") {
  const fakes::TempDir parent;
  auto made = WorkFolder::make(parent.path());
  REQUIRE(made);
  CHECK(use_of(made->path(), 1'000, 10) == FolderUse{});
  fs::create_directories(made->path() + "/a/b");
  std::ofstream(made->path() + "/a/b/f") << std::string(100'000, 'x');
  fs::create_directory_symlink("/usr", made->path() + "/away");
  const FolderUse use = use_of(made->path(), 1u << 30, 10'000);
  CHECK(use.entries == 4);
  CHECK(use.bytes >= 100'000);
  CHECK(use.bytes < 200'000);
  CHECK_FALSE(use.hidden);
  CHECK(use_of(made->path(), 1u << 30, 2).entries == 3);
  CHECK(use_of("/no/such/folder", 1, 1) == FolderUse{});
  if (::geteuid() != 0) {
    fs::permissions(made->path() + "/a/b", fs::perms::owner_exec);
    CHECK(use_of(made->path(), 1u << 30, 10'000).hidden);
  }
}

TEST_CASE("folders that a killed daemon left are swept up, those in use and other people's are not") {
  const fakes::TempDir parent;
  const std::string path = parent.path();
  auto in_use = WorkFolder::make(path);
  REQUIRE(in_use);
  // As one that nobody holds any more.
  const std::string left = path + "/troupe-code-left00";
  fs::create_directories(left);
  std::ofstream(left + "/f") << "x";
  if (::geteuid() == 0) REQUIRE(::chown(left.c_str(), 65534, 65534) == 0);
  fs::create_directory(path + "/something-else");

  WorkFolder::sweep(path);
  CHECK(fs::exists(left));  // perhaps somebody makes it just now
  WorkFolder::sweep(path, std::chrono::seconds(-1));
  CHECK_FALSE(fs::exists(left));
  CHECK(fs::exists(in_use->path()));
  CHECK(fs::exists(path + "/something-else"));
  WorkFolder::sweep("/no/such/folder");
}

TEST_CASE("an interpreter is the first program of its name that can be run in a sandbox") {
  const fakes::TempDir folder;
  fs::permissions(folder.path(), fs::perms(0755));
  const auto make = [&](const std::string& name, const std::string& what) {
    const fs::path path = folder.path() / name / "python3";
    fs::create_directory(path.parent_path());
    fs::permissions(path.parent_path(), fs::perms(0755));
    std::ofstream(path, std::ios::binary) << what;
    fs::permissions(path, fs::perms(0755));
    return path.string();
  };
  const std::string script = make("shims", "#!/bin/sh\n");
  const std::string program = make("real",
                                   "\x7f"
                                   "ELF…");
  const std::string search =
      "relative:" + (folder.path() / "shims").string() + ":/no/such:" + (folder.path() / "real").string();
  CHECK(find_interpreter("", search).value_or("none") == program);
  CHECK(find_interpreter(program, "").value_or("none") == program);
  const auto none = find_interpreter("", "/no/such:" + (folder.path() / "shims").string());
  REQUIRE_FALSE(none);
  CHECK(none.error().code == ErrorCode::not_found);
  CHECK(none.error().message.contains("python3-minimal"));
  CHECK(find_interpreter("", "").error().code == ErrorCode::not_found);
  CHECK(find_interpreter(script, "").error().code == ErrorCode::invalid);
  CHECK(find_interpreter("/no/such/python3", "").error().code == ErrorCode::not_found);
  CHECK(find_interpreter(folder.path(), "").error().code == ErrorCode::not_found);
}

TEST_CASE("of a virtual environment its own modules are readable, and nothing beside them") {
  const fakes::TempDir folder;
  const fs::path root = folder.path() / "venv";
  fs::create_directories(root / "bin");
  fs::create_directories(root / "lib/python3.11/site-packages");
  fs::create_directories(root / "lib/secrets");
  std::ofstream(root / "pyvenv.cfg") << "home = /usr/bin\n";
  std::ofstream(root / "notes.txt") << "private";
  fs::create_symlink("/bin/sh", root / "bin/python3");
  const auto files = files_of_interpreter(root / "bin/python3");
  CHECK(files == std::vector<std::string>{root / "pyvenv.cfg", root / "lib/python3.11"});
  CHECK(files_of_interpreter("/usr/bin/python3").empty());
  CHECK(files_of_interpreter((folder.path() / "python3").string()).empty());
}
