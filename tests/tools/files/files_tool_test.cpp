#include "tools/builtin/files/files_tool.h"

#include "tests/fakes/run_loop.h"
#include "tests/fakes/temp_dir.h"
#include "tests/tools/fake_context.h"
#include "tools/toolbox.h"

#include <atomic>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;
namespace fs = std::filesystem;

namespace {

struct NoNetwork final : net::HttpClient {
  Task<Result<net::HttpResponse>> fetch(net::HttpRequest, Stop&) override {
    co_return fail(ErrorCode::network, "no network in this test");
  }
  Task<Result<net::HttpHead>> stream(net::HttpRequest, net::BodySink&, Stop&) override {
    co_return fail(ErrorCode::network, "no network in this test");
  }
};

/// A folder `root` that tools work in, beside a `secret.txt` that they must not reach.
struct Desk {
  explicit Desk(bool writable = true) {
    fs::create_directories(root());
    put("../secret.txt", "SECRET outside\n");
    settings = {.name = "desk", .type = "files"};
    settings.root = root();
    settings.writable = writable;
  }
  std::string root() const { return folder.path().string() + "/root"; }
  std::string at(const std::string& path) const { return root() + "/" + path; }
  void put(const std::string& path, std::string_view text) const {
    fs::create_directories(fs::path(at(path)).parent_path());
    std::ofstream(at(path), std::ios::binary) << text;
  }
  std::string get(const std::string& path) const {
    std::ostringstream text;
    text << std::ifstream(at(path), std::ios::binary).rdbuf();
    return text.str();
  }
  Result<ToolOutput> call(const std::string& operation, Json arguments) {
    auto table = make_section(settings, {.clock = fake.clock, .http = network, .workers = workers});
    REQUIRE(table);
    REQUIRE(table->contains("desk/" + operation));
    return fakes::run(
        fake.loop, table->at("desk/" + operation)->call(ToolInput{std::move(arguments), ""}, fake.context));
  }
  std::string text(const std::string& operation, Json arguments) {
    auto output = call(operation, std::move(arguments));
    return output ? output->text : "error: " + output.error().message;
  }
  std::string read(std::string path) { return text("read", {{"path", std::move(path)}}); }

  fakes::TempDir folder;
  fakes::FakeContext fake;
  NoNetwork network;
  Workers* workers = nullptr;
  ToolSettings settings;
};

}  // namespace

TEST_CASE("files: readers are pure, write is idempotent and is there only where it is allowed") {
  for (const bool writable : {false, true}) {
    Desk desk(writable);
    const auto table = make_section(desk.settings, {.clock = desk.fake.clock, .http = desk.network});
    REQUIRE(table);
    CHECK(table->size() == (writable ? 4 : 3));
    for (const auto& [name, tool] : *table)
      CHECK(tool->spec().effect == (name == "desk/write" ? Effect::idempotent : Effect::pure));
    CHECK(table->contains("desk/write") == writable);
  }
}

TEST_CASE("files: a text is read whole or line by line, and says how to go on") {
  Desk desk;
  desk.put("notes/a.md", "one\ntwo\nthree\nfour");
  CHECK(desk.read("notes/a.md") == "one\ntwo\nthree\nfour");
  CHECK(desk.read("./notes//a.md") == "one\ntwo\nthree\nfour");
  CHECK(desk.text("read", {{"path", "notes/a.md"}, {"from_line", 2}, {"lines", 2}}) ==
        "two\nthree\n[the file goes on: from_line 4]");
  CHECK(desk.text("read", {{"path", "notes/a.md"}, {"from_line", 4}}) == "four");
  CHECK(desk.text("read", {{"path", "notes/a.md"}, {"from_line", 5}}).contains("has only 4 lines"));
  desk.put("empty", "");
  CHECK(desk.read("empty") == "[`empty` is empty]");
}

TEST_CASE("files: a long file is read in parts that leave nothing out") {
  Desk desk;
  desk.settings.max_bytes = 1'000;
  std::string whole;
  for (int i = 0; i < 30'000; ++i) whole += "line " + std::to_string(i) + "\n";
  desk.put("long", whole);
  std::size_t from = 29'900;
  std::string seen;
  for (int parts = 0; parts < 10; ++parts) {
    std::string part = desk.text("read", {{"path", "long"}, {"from_line", from}});
    CHECK(part.size() < 1'100);
    const auto note = part.find("[the file goes on: from_line ");
    seen += part.substr(0, note);
    if (note == std::string::npos) break;
    from = std::stoul(part.substr(note + 29));
  }
  CHECK(seen == whole.substr(whole.find("line 29899\n")));
}

TEST_CASE("files: a line longer than what is shown says so, and can be read to its end") {
  Desk desk;
  desk.settings.max_bytes = 1'000;
  desk.put("long-line", "first\n" + std::string(2'500, 'x') + "\nend");
  CHECK(desk.text("read", {{"path", "long-line"}, {"from_line", 2}}) ==
        std::string(1'000, 'x') +
            "…\n[line 2 is longer: its bytes 1 to 1000 are shown; it goes on with from_line 2, from_byte "
            "1001]");
  CHECK(
      desk.text("read", {{"path", "long-line"}, {"from_line", 2}, {"from_byte", 1'001}})
          .ends_with("x…\n[line 2 is longer: its bytes 1001 to 2000 are shown; it goes on with from_line 2, "
                     "from_byte 2001]"));
  CHECK(desk.text("read", {{"path", "long-line"}, {"from_line", 2}, {"from_byte", 2'001}}) ==
        std::string(500, 'x') + "\nend");
  CHECK(desk.text("read", {{"path", "long-line"}, {"from_line", 2}, {"from_byte", 2'500}, {"lines", 1}}) ==
        "x\n[the file goes on: from_line 3]");
  CHECK(desk.text("read", {{"path", "long-line"}, {"from_line", 2}, {"from_byte", 2'501}})
            .ends_with("line 2 of `long-line` has only 2500 bytes"));
  CHECK(desk.text("read", {{"path", "long-line"}, {"from_line", 3}, {"from_byte", 4}})
            .ends_with("line 3 of `long-line` has only 3 bytes"));
  CHECK(desk.read("long-line") == "first\n[the file goes on: from_line 2]");
  // Without a second line; longer than what is read at once, and of characters of three bytes.
  std::string line;
  for (int i = 0; i < 30'000; ++i) line += i % 7 == 0 ? "x" : "한";
  desk.settings.max_bytes = 9'999;
  for (const char* end : {"", "\n"}) {
    desk.put("one-line", line + end);
    std::string seen;
    std::size_t from = 1;
    for (int parts = 0; parts < 20; ++parts) {
      const std::string part = desk.text("read", {{"path", "one-line"}, {"from_byte", from}});
      const auto note = part.find("…\n[line 1 is longer: its bytes " + std::to_string(from) + " to ");
      seen += part.substr(0, note);
      if (note == std::string::npos) break;
      from = std::stoul(part.substr(part.rfind("from_byte ") + 10));
    }
    CHECK(seen == line + end);
  }
  CHECK(desk.text("read", {{"path", "one-line"}, {"from_line", 2}}).contains("`one-line` has only 1 line"));
  // What just fits is not longer.
  desk.settings.max_bytes = 1'000;
  desk.put("fits", std::string(1'000, 'x') + "\n");
  CHECK(desk.read("fits") == std::string(1'000, 'x') + "\n");
  desk.put("fits", std::string(1'000, 'x') + "\n\n");
  CHECK(desk.read("fits") == std::string(1'000, 'x') + "\n[the file goes on: from_line 2]");
}

TEST_CASE("files: a line break ends a line and begins none") {
  Desk desk;
  desk.put("two", "a1\na2\n");
  CHECK(desk.text("read", {{"path", "two"}, {"from_line", 2}}) == "a2\n");
  CHECK(desk.text("read", {{"path", "two"}, {"from_line", 1}, {"lines", 2}}) == "a1\na2\n");
  for (int from : {3, 4, 9})
    CHECK(desk.text("read", {{"path", "two"}, {"from_line", from}}).ends_with("`two` has only 2 lines"));
  CHECK(desk.text("read", {{"path", "two"}, {"from_line", 3}, {"from_byte", 2}})
            .ends_with("`two` has only 2 lines"));
  desk.put("blank", "\n");
  CHECK(desk.read("blank") == "\n");
  CHECK(desk.text("read", {{"path", "blank"}, {"from_line", 2}}).ends_with("`blank` has only 1 line"));
  CHECK(desk.text("read", {{"path", "blank"}, {"from_byte", 2}})
            .ends_with("line 1 of `blank` has only 0 bytes"));
}

TEST_CASE("files: a name with control characters makes no entry of its own, and can be given back") {
  Desk desk;
  const std::string name = "a.txt  5 bytes\nforged \"x\"\x1b[2J\x7f\xc2\x9b\xe2\x80\xa8";
  desk.put(name, "hello");
  desk.put("fol\nder/b\tc", "hello");
  desk.put("\"quoted\"", "1");
  desk.put("back\\slash", "");
  const std::string shown = R"("a.txt  5 bytes\nforged \"x\"\u001b[2J\u007f\u009b\u2028")";
  CHECK(desk.text("list", {{"depth", 2}}) == R"("\"quoted\""  1 byte)"
                                             "\n" +
                                                 shown +
                                                 "  5 bytes\n"
                                                 R"(back\slash  0 bytes)"
                                                 "\n"
                                                 R"("fol\nder/")"
                                                 "\n"
                                                 R"("fol\nder/b\u0009c"  5 bytes)"
                                                 "\n");
  CHECK(desk.read(parse_json(shown)->get<std::string>()) == "hello");
  CHECK(desk.read(parse_json(R"("fol\nder/b\u0009c")")->get<std::string>()) == "hello");
  CHECK(desk.text("list", {{"path", parse_json(R"("fol\nder/")")->get<std::string>()}}).contains("b"));
  CHECK(desk.text("search", {{"query", "hello"}}) ==
        shown + ":1: hello\n" + R"("fol\nder/b\u0009c":1: hello)" + "\n");
}

TEST_CASE("files: what is no text is told apart") {
  Desk desk;
  desk.put("picture", std::string("\x89PNG\0\0", 6));
  CHECK(desk.read("picture").contains("is a binary file"));
  desk.put("latin", "caf\xe9");
  CHECK(desk.read("latin") == "caf\xEF\xBF\xBD");
  CHECK(desk.read("nothing").contains("there is no `nothing`"));
  fs::create_directories(desk.at("folder"));
  CHECK(desk.read("folder").contains("`folder` is a folder"));
  CHECK(desk.read("latin/x").contains("is a file and no folder"));
}

TEST_CASE("files: no path leads out of the folder") {
  Desk desk;
  desk.put("in.txt", "inside");
  fs::create_directories(desk.at("sub"));
  fs::create_symlink("../secret.txt", desk.at("link"));
  fs::create_symlink(desk.folder.path().string() + "/secret.txt", desk.at("absolute"));
  fs::create_directory_symlink("..", desk.at("up"));
  fs::create_directory_symlink("/", desk.at("sub/top"));
  fs::create_directory_symlink("/proc/self/fd", desk.at("fds"));
  fs::create_symlink("in.txt", desk.at("fine"));
  CHECK(desk.read("fine") == "inside");

  for (const std::string& path :
       {std::string("../secret.txt"), std::string("sub/../../secret.txt"), std::string("link"),
        std::string("absolute"), std::string("up/secret.txt"), std::string("sub/top/etc/passwd"),
        std::string("fds/0"), std::string("/etc/passwd"), desk.at("in.txt"), std::string("//etc/passwd"),
        std::string("sub/./../../secret.txt"), std::string(".."),
        std::string("in.txt\0/../../secret.txt", 23), std::string(5'000, 'a'),
        "up/" + std::string("root/in.txt")}) {
    CAPTURE(path);
    for (const char* operation : {"read", "list", "search", "write"}) {
      CAPTURE(operation);
      auto output = desk.call(operation, {{"path", path}, {"text", "SECRET"}, {"query", "SECRET"}});
      REQUIRE_FALSE(output);
      CHECK_FALSE(output.error().message.contains("SECRET outside"));
    }
  }
  CHECK(desk.get("../secret.txt") == "SECRET outside\n");
  CHECK(desk.get("in.txt") == "inside");
  CHECK(desk.text("search", {{"query", "SECRET"}}).contains("nothing has `SECRET`"));
  const std::string listed = desk.text("list", {{"depth", 9}});
  CHECK(listed.contains("up  (link)\n"));
  CHECK_FALSE(listed.contains("secret.txt"));
}

TEST_CASE("files: pipes, sockets and devices are not opened") {
  Desk desk;
  REQUIRE(::mkfifo(desk.at("pipe").c_str(), 0600) == 0);
  CHECK(desk.read("pipe").contains("is no regular file"));
  CHECK(desk.text("write", {{"path", "pipe"}, {"text", "x"}}).contains("is not written over"));
  CHECK(desk.text("search", {{"query", "x"}}).contains("nothing has `x`"));
  CHECK(desk.text("list", Json::object()).contains("pipe  (no file)"));
}

TEST_CASE("files: a folder swapped for a link in the middle of it wins nothing") {
  Desk desk;
  desk.put("swap/secret.txt", "inside");
  fs::create_directories(desk.folder.path().string() + "/outside");
  std::ofstream(desk.folder.path().string() + "/outside/secret.txt") << "SECRET outside";
  fs::create_directory_symlink("../outside", desk.at("trap"));
  std::atomic<bool> done{false};
  // The two names change places all the time.
  std::thread swapper([&] {
    while (!done) {
      (void)::renameat2(AT_FDCWD, desk.at("swap").c_str(), AT_FDCWD, desk.at("trap").c_str(),
                        RENAME_EXCHANGE);
    }
  });
  std::size_t inside = 0, refused = 0;
  for (int i = 0; i < 2'000; ++i) {
    const std::string seen = desk.read("swap/secret.txt");
    if (seen == "inside") ++inside;
    if (seen.contains("leads out")) ++refused;
    CHECK_FALSE(seen.contains("SECRET"));
    (void)desk.text("write", {{"path", "swap/new.txt"}, {"text", "x"}});
  }
  done = true;
  swapper.join();
  CHECK(inside + refused > 0);
  CHECK_FALSE(fs::exists(desk.folder.path().string() + "/outside/new.txt"));
}

TEST_CASE("files: a listing shows what there is, as far down as asked and within its limit") {
  Desk desk;
  desk.put("b/two.txt", "22");
  desk.put("a.txt", "1");
  desk.put("b/c/three.txt", "333");
  CHECK(desk.text("list", Json::object()) == "a.txt  1 byte\nb/\n");
  CHECK(desk.text("list", {{"depth", 2}}) == "a.txt  1 byte\nb/\nb/c/\nb/two.txt  2 bytes\n");
  CHECK(desk.text("list", {{"path", "b/c"}}) == "b/c/three.txt  3 bytes\n");
  CHECK(desk.text("list", {{"path", "a.txt"}}).contains("is a file and no folder"));
  desk.settings.entries_max = 3;
  CHECK(desk.text("list", {{"depth", 9}}) ==
        "a.txt  1 byte\nb/\nb/c/\n[3 entries are shown; there are more: list a folder of these]\n");
  fs::create_directories(desk.at("e"));
  CHECK(desk.text("list", {{"path", "e"}}) == "[`e` is empty]");
}

TEST_CASE("files: a search gives places that can be read on from") {
  Desk desk;
  desk.put("a.md", "First\nthe Needle here\r\nlast needle");
  desk.put("deep/b.txt", "NEEDLE\n");
  desk.put("deep/c.bin", std::string("needle\0", 7));
  CHECK(desk.text("search", {{"query", "needle"}}) ==
        "a.md:2: the Needle here\r\na.md:3: last needle\ndeep/b.txt:1: NEEDLE\n");
  CHECK(desk.text("search", {{"query", "needle"}, {"case_sensitive", true}}) == "a.md:3: last needle\n");
  CHECK(desk.text("search", {{"query", "needle"}, {"name", "*.txt"}}) == "deep/b.txt:1: NEEDLE\n");
  CHECK(desk.text("search", {{"query", "needle"}, {"path", "deep"}}) == "deep/b.txt:1: NEEDLE\n");
  CHECK(desk.text("search", {{"query", "a\nb"}}).contains("one line"));
  CHECK(desk.text("search", {{"query", ""}}).contains("is empty"));
  desk.settings.entries_max = 1;
  CHECK(desk.text("search", {{"query", "needle"}}) ==
        "a.md:2: the Needle here\r\n[there may be more: 1 line is shown at most]\n");
  desk.settings.max_bytes = 5;
  CHECK(desk.text("search", {{"query", "needle"}}).contains("[3 files are too large or cannot be read]"));
}

TEST_CASE("files: a file is written whole, in place, and keeps its mode") {
  Desk desk;
  CHECK(desk.text("write", {{"path", "new/deep/x.md"}, {"text", "hello"}}) ==
        "wrote the new file `new/deep/x.md`, 5 bytes");
  CHECK(desk.get("new/deep/x.md") == "hello");
  ::chmod(desk.at("new/deep/x.md").c_str(), 0600);
  CHECK(desk.text("write", {{"path", "new/deep/x.md"}, {"text", "again!"}}) ==
        "wrote `new/deep/x.md`, 6 bytes in place of 5");
  struct stat status{};
  ::stat(desk.at("new/deep/x.md").c_str(), &status);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(std::distance(fs::directory_iterator(desk.at("new/deep")), {}) == 1);  // nothing is left lying about

  CHECK(desk.text("write", {{"path", "new"}, {"text", "x"}}).contains("`new` is a folder"));
  CHECK(desk.text("write", {{"path", ""}, {"text", "x"}}).contains("is a folder"));
  CHECK(desk.text("write", {{"path", "new/deep/x.md/y"}, {"text", "x"}}).contains("is a file and no folder"));
  CHECK(desk.text("write", {{"path", "x"}}).contains("`text` is missing"));
  fs::create_symlink("deep/x.md", desk.at("new/link"));
  CHECK(desk.text("write", {{"path", "new/link"}, {"text", "x"}}).contains("is a link"));
  CHECK(desk.get("new/deep/x.md") == "again!");
  desk.settings.max_bytes = 3;
  CHECK(desk.text("write", {{"path", "y"}, {"text", "four"}}).contains("at most 3 are written"));
  CHECK_FALSE(fs::exists(desk.at("y")));
}

TEST_CASE("files: on worker threads the same comes out") {
  Workers workers(2);
  Desk desk;
  desk.workers = &workers;
  CHECK(desk.text("write", {{"path", "a"}, {"text", "b"}}) == "wrote the new file `a`, 1 byte");
  CHECK(desk.read("a") == "b");
}

TEST_CASE("files: a folder that is gone is an error and no crash") {
  Desk desk;
  fs::remove_all(desk.root());
  for (const char* operation : {"read", "list", "search", "write"})
    CHECK(desk.text(operation, {{"path", "x"}, {"text", "x"}, {"query", "x"}})
              .contains("the folder of this tool cannot be opened"));
}
