// The code tool with the real interpreter in the real sandbox, at each level that this machine has.
#include "tools/builtin/code/code_tool.h"

#include "tests/fakes/temp_dir.h"
#include "tests/tools/code/code_world.h"
#include "tools/builtin/code/code_run.h"

#include <fstream>

using namespace troupe;
using namespace troupe::tools;

TEST_CASE("code: what is printed, the value of a last expression and the end of it are one text") {
  if (!code_runs_here()) return;
  for (const auto& way : ways_here()) {
    CodeWorld world(way);
    CHECK(world.run("print('a')\n6 * 7") == "[exit status 0]\na\n42");
    CHECK(world.run("x = 3") == "[exit status 0; nothing was printed]");
    CHECK(world.run("'ü' + \"'\"") == "[exit status 0]\n\"ü'\"");
    CHECK(world.run("1 + 1;") == "[exit status 0; nothing was printed]");
    CHECK(world.run("None") == "[exit status 0; nothing was printed]");
    CHECK(world.run("import sys\nprint('out')\nprint('aside', file=sys.stderr)") ==
          "[exit status 0]\nout\n[standard error:]\naside");
    CHECK(world.run("import sys\nsys.exit(3)") == "[exit status 3; nothing was printed]");
    CHECK(world.run("import sys\nsys.exit('no such page')") ==
          "[exit status 1; standard error:]\nno such page");
    CHECK(world.run("__name__") == "[exit status 0]\n'__main__'");
  }
}

TEST_CASE("code: a traceback shows the lines of the code and nothing of what runs it") {
  if (!code_runs_here()) return;
  CodeWorld world(machine_here());
  const std::string text = world.run("def half(n):\n    return 1 / n\n\nprint('begun')\nhalf(0)");
  CHECK(text.starts_with("[exit status 1]\nbegun\n[standard error:]\nTraceback (most recent call last):\n"));
  CHECK(text.contains("File \"<code>\", line 5, in <module>\n    half(0)\n"));
  CHECK(text.contains("line 2, in half\n    return 1 / n"));
  CHECK(text.ends_with("ZeroDivisionError: division by zero"));
  CHECK_FALSE(text.contains("<string>"));

  const std::string wrong = world.run("if x\n    pass");
  CHECK(wrong.contains("[exit status 1; standard error:]\n  File \"<code>\", line 1"));
  CHECK(wrong.contains("SyntaxError"));
  CHECK(world.run("import no_such_module").contains("ModuleNotFoundError: No module named 'no_such_module'"));
}

TEST_CASE("code: its standard input is what was given, and nothing of the code") {
  if (!code_runs_here()) return;
  for (const auto& way : ways_here()) {
    CodeWorld world(way);
    CHECK(world.run("input(), input()", "first\nsecond\n") == "[exit status 0]\n('first', 'second')");
    CHECK(world.run("import sys\nlen(sys.stdin.read())", std::string(200'000, 'x')) ==
          "[exit status 0]\n200000");
    CHECK(world.run("input()").contains("EOFError"));
  }
}

TEST_CASE("code: a call knows nothing of the one before, and its folder is gone with it") {
  if (!code_runs_here()) return;
  for (const auto& way : ways_here()) {
    const auto before = work_folders();
    std::optional<CodeWorld> here(std::in_place, way);
    CodeWorld& world = *here;
    CHECK(world.run("import os\nopen('kept.txt', 'w').write('x')\nos.makedirs('a/b/c')\nos.listdir()")
              .starts_with("[exit status 0]\n["));
    CHECK(world.run("import os\nos.listdir()") == "[exit status 0]\n[]");
    CHECK(world.run("kept = 1\nkept").contains("1"));
    CHECK(world.run("kept").contains("NameError"));
    here.reset();
    for (const auto& folder : work_folders()) CHECK(before.contains(folder));
  }
}

TEST_CASE("code: its own module and asyncio work within the folder") {
  if (!code_runs_here()) return;
  for (const auto& way : ways_here()) {
    CodeWorld world(way);
    CHECK(world.run("open('mine.py', 'w').write('n = 7')\nimport mine\nmine.n") == "[exit status 0]\n7");
    CHECK(world.run(
              "import threading\nt = threading.Thread(target=lambda: print('in'))\nt.start()\nt.join()") ==
          "[exit status 0]\nin");
    const std::string loop = world.run(
        "try:\n    import asyncio\nexcept ImportError:\n    print('absent')\nelse:\n"
        "    async def f():\n        await asyncio.sleep(0.01)\n        return 'slept'\n"
        "    print(asyncio.run(f()))");
    CHECK_MESSAGE((loop == "[exit status 0]\nslept" || loop == "[exit status 0]\nabsent"), loop);
  }
}

TEST_CASE("code: long output is shown from both ends, and says how much is missing") {
  if (!code_runs_here()) return;
  CodeWorld world(machine_here(), {.output_bytes = 1'000});
  const std::string text = world.run("for i in range(10000): print('line', i)");
  CHECK(text.contains("[exit status 0]\nline 0\nline 1\n"));
  CHECK(text.contains(" bytes of 98890 left out here …]\n"));
  CHECK(text.ends_with("line 9999"));
  CHECK(text.size() < 1'200);
  const std::string both = world.run("import sys\nprint('o' * 5000)\nprint('e' * 5000, file=sys.stderr)");
  CHECK(both.contains("ooo\n[… 4501 bytes of 5001 left out here …]\n"));
  CHECK(both.contains("eee\n[… 4501 bytes of 5001 left out here …]\n"));
}

TEST_CASE("code: what may be read is what the settings name") {
  if (!code_runs_here()) return;
  const fakes::TempDir folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  const std::string file = folder.path() / "figures.txt";
  std::ofstream(file) << "12 14";
  for (const auto& way : ways_here()) {
    const std::string code = "sum(map(int, open('" + file + "').read().split()))";
    CHECK(CodeWorld(way).run(code).contains("Error"));
    CodeWorld world(way, {.read = {file}});
    CHECK(world.run(code) == "[exit status 0]\n26");
    CHECK(world.run("open('" + file + "', 'w')").contains("Error"));
    CHECK(world.tool()->spec().declaration.description.contains(file));
  }
  std::ifstream kept(file);
  std::string text;
  std::getline(kept, text);
  CHECK(text == "12 14");
}

TEST_CASE(
    "code: the interpreter of a virtual environment brings its packages along, and nothing beside them") {
  if (!code_runs_here()) return;
  namespace fs = std::filesystem;
  const fakes::TempDir folder;
  fs::permissions(folder.path(), fs::perms(0755));
  const fs::path real = fs::canonical(*find_interpreter("", std::getenv("PATH")));
  std::string version =
      CodeWorld(machine_here()).run("import sys\nprint('%d.%d' % sys.version_info[:2], end='')");
  version = version.substr(version.find('\n') + 1);
  const fs::path root = folder.path() / "venv";
  const fs::path packages = root / "lib" / ("python" + version) / "site-packages";
  fs::create_directories(packages);
  fs::create_directory(root / "bin");
  fs::create_symlink(real, root / "bin/python3");
  std::ofstream(root / "pyvenv.cfg") << "home = " << real.parent_path().string() << "\n";
  std::ofstream(packages / "mine.py") << "n = 7\n";
  std::ofstream(root / "notes.txt") << "private";
  for (const auto& way : ways_here()) {
    CodeWorld world(way, {.interpreter = root / "bin/python3"});
    CHECK(world.run("import mine, sys\nmine.n, sys.prefix") ==
          "[exit status 0]\n(7, '" + root.string() + "')");
    CHECK(world.run("open('" + (root / "notes.txt").string() + "')").contains("Error"));
  }
}

TEST_CASE("code: a call of an agent is checked, pure and told its limits") {
  if (!code_runs_here()) return;
  CodeWorld world(machine_here(), {.time = 3s, .memory = std::size_t{256} << 20});
  const auto tool = world.tool();
  CHECK(tool->spec().effect == Effect::pure);
  CHECK(tool->spec().declaration.description.contains("Limits: 3 s, 256 MiB of memory"));
  auto box = Toolbox::make({{"python", tool}}, {"python"});
  REQUIRE(box);
  CHECK(box->prepare("python", Json::object()).error().code == ErrorCode::invalid);
  CHECK(box->prepare("python", Json{{"code", ""}}).error().code == ErrorCode::invalid);
  CHECK(box->prepare("python", Json{{"code", "1"}, {"path", "/"}}).error().code == ErrorCode::invalid);
  const auto outcome =
      fakes::run(world.fake.loop, box->call("python", {{"code", "2**10"}}, world.fake.context));
  CHECK(outcome.ok);
  CHECK(outcome.output == "[exit status 0]\n1024");
}

TEST_CASE("code: calls wait their turn, and one that is stopped meanwhile runs nothing") {
  if (!code_runs_here()) return;
  CodeWorld world(machine_here(), {.at_once = 1});
  const auto tool = world.tool();
  Stop stop(world.fake.stop);
  CallContext other{world.fake.loop, stop, Deadline(), world.fake.sink, Principal{}, "s", "r", "a", 1};
  const auto both = [&]() -> Task<std::pair<Result<ToolOutput>, Result<ToolOutput>>> {
    Nursery nursery(world.fake.loop);
    std::optional<Result<ToolOutput>> first;
    // It has the one place by the time that the other asks for it.
    nursery.spawn("first", [&]() -> Task<> {
      first = co_await tool->call(ToolInput{Json{{"code", "import time\ntime.sleep(0.2)\n1"}}, ""},
                                  world.fake.context);
      stop.request(StopReason::cancelled);
    });
    auto second = co_await tool->call(ToolInput{Json{{"code", "print('ran')"}}, ""}, other);
    co_await nursery.join();
    co_return std::pair(std::move(*first), std::move(second));
  };
  const auto [first, second] = fakes::run(world.fake.loop, both());
  REQUIRE(first);
  CHECK(first->text == "[exit status 0]\n1");
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::cancelled);
}

TEST_CASE("code: where a machine cannot confine it there is no tool, and no key changes that") {
  sandbox::Support files_open;  // system calls are filtered, but every file can be read
  files_open.seccomp = true;
  files_open.no_bubblewrap = "bubblewrap is not installed";
  for (const sandbox::Support& support : {sandbox::Support{}, files_open}) {
    CodeWorld world(support);
    const auto made = make_tool(world.settings, world.services);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == ErrorCode::unavailable);
    CHECK(made.error().message.contains("this machine cannot confine it"));
    CHECK(made.error().message.contains(sandbox::word(sandbox::level(support))));
  }
}

TEST_CASE("code: without a machine to run on, as in a replay, a tool is made that runs nothing") {
  CodeWorld world({});
  world.services.support = nullptr;
  world.settings.code.interpreter = "/no/such/python";
  const auto output = world.call({{"code", "1"}});
  REQUIRE_FALSE(output);
  CHECK(output.error().code == ErrorCode::unavailable);
  CHECK(world.tool()->spec().effect == Effect::pure);
}

TEST_CASE("code: what is too long is not run") {
  CodeWorld world({});
  world.services.support = nullptr;
  CHECK(world.call({{"code", std::string(kCodeBytes + 1, '#')}}).error().code == ErrorCode::too_large);
  CHECK(world.call({{"code", "1"}, {"stdin", std::string(kCodeInputBytes + 1, 'x')}}).error().code ==
        ErrorCode::too_large);
  CHECK(world.call({{"code", 5}}).error().code == ErrorCode::invalid);
}

TEST_CASE("code: an interpreter that is none, and a path that is not there, are said when the tool is made") {
  if (ways_here().empty()) return;
  const fakes::TempDir folder;
  const auto problem = [&](CodeSettings code) {
    CodeWorld world(machine_here(), std::move(code));
    const auto made = make_tool(world.settings, world.services);
    return made ? std::string() : made.error().message;
  };
  CHECK(problem({.interpreter = "/no/such/python"}).contains("there is no program /no/such/python"));
  const std::string script = folder.path() / "python3";
  std::ofstream(script) << "#!/bin/sh\nexec python3\n";
  std::filesystem::permissions(script, std::filesystem::perms(0755));
  CHECK(problem({.interpreter = script}).contains("is a script"));
  if (code_runs_here()) CHECK(problem({.read = {"/no/such/file"}}).contains("does not exist: /no/such/file"));
}
