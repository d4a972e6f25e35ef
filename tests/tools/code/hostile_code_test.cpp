// Code that means harm. Each is answered within its deadline and a second, says what happened, and leaves
// nothing behind: neither a process nor a file.
#include "tests/fakes/temp_dir.h"
#include "tests/tools/code/code_world.h"

#include <algorithm>
#include <arpa/inet.h>
#include <csignal>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace troupe;
using namespace troupe::tools;

namespace {

const CodeSettings kShort{.time = 1'500ms,
                          .memory = std::size_t{256} << 20,
                          .file_bytes = std::size_t{1} << 20,
                          .folder_bytes = std::size_t{4} << 20};

/// Nobody is left of what was started, not even as a zombie.
bool childless() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

/// Runs it at every level of this machine: in time, and without a trace. `check` gets what was said.
template <class Check>
void hostile(const std::string& code, Check check, const CodeSettings& settings = kShort) {
  if (!code_runs_here()) return;
  for (const auto& way : ways_here()) {
    CAPTURE(sandbox::describe(way));
    const auto before = work_folders();
    std::string said;
    {
      CodeWorld world(way, settings);
      const auto tool = world.tool();
      const auto begun = std::chrono::steady_clock::now();
      const auto output =
          fakes::run(world.fake.loop, tool->call(ToolInput{{{"code", code}}, ""}, world.fake.context));
      const auto took = std::chrono::steady_clock::now() - begun;
      said = output ? output->text : "error: " + output.error().message;
      CHECK_MESSAGE(took < settings.time + 1s, said);
      CHECK(childless());
    }  // what was left to be removed is
    CAPTURE(said);
    check(said);
    for (const auto& folder : work_folders()) CHECK_MESSAGE(before.contains(folder), folder);
  }
}

void hostile(const std::string& code, std::vector<std::string> says, const CodeSettings& settings = kShort) {
  hostile(
      code,
      [&](const std::string& said) {
        for (const std::string& part : says) CHECK_MESSAGE(said.contains(part), part);
      },
      settings);
}

}  // namespace

TEST_CASE("hostile code: a fork bomb has no first child") {
  hostile("import os\nwhile True: os.fork()", {"[exit status 1", "OSError: [Errno 38]"});
  hostile("import os\nos.posix_spawn('/bin/sh', ['sh', '-c', 'echo in'], {})", {"[exit status 1", "Error"});
  hostile("import os\nos.execv('/bin/sh', ['sh', '-c', 'sleep 100'])", [](const std::string& said) {
    // Where Landlock keeps the files nothing else can be executed; in namespaces a shell is as confined.
    CHECK((said.contains("PermissionError") || said.contains("sh: ") || said.contains("killed") ||
           said.contains("exit status")));
  });
}

TEST_CASE("hostile code: memory ends at its limit, which is named") {
  CodeSettings slow = kShort;
  slow.time = 10s;  // filling the memory may take a busy machine longer than kShort
  hostile("a = []\nwhile True: a.append('x' * 10**6)",
          {"[exit status 1", "MemoryError", "It needed more than 256 MiB of memory."}, slow);
  hostile("def f():\n    a = []\n    while True: a.append(bytearray(10**5))\nf()",
          {"[exit status 1", "It needed more than 256 MiB of memory."}, slow);
  hostile("bytearray(10**11)", {"[exit status 1", "It needed more than 256 MiB of memory."}, slow);
}

TEST_CASE("hostile code: endless output is cut, and its program killed") {
  hostile("while True: print('x' * 1000)",
          {"it wrote more than 16 MiB and was killed", "xxx", "left out here"}, {.time = 10s});
  hostile("import os\nwhile True: os.write(2, b'e' * 65536)",
          {"it wrote more than 16 MiB and was killed", "eee"}, {.time = 10s});
}

TEST_CASE(
    "hostile code: an endless loop that ignores every signal is killed in time, and what it said is kept") {
  hostile(
      "import signal\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except "
      "(OSError, "
      "ValueError): pass\nprint('on it')\nwhile True: pass",
      {"[it ran longer than 1.5 s and was killed]\non it"});
  hostile("import time\ntime.sleep(1000)",
          {"[it ran longer than 1.5 s and was killed; nothing was printed]"});
  hostile(
      "import threading, time\nfor i in range(4): threading.Thread(target=lambda: time.sleep(1000)).start()",
      {"it ran longer than 1.5 s and was killed"});
}

TEST_CASE("hostile code: threads are few") {
  hostile(
      "import threading, time\nn = 0\ntry:\n    while True:\n        threading.Thread(target=time.sleep, "
      "args=(0.2,), "
      "daemon=True).start()\n        n += 1\nexcept RuntimeError as e:\n    print(e, n < 200)",
      {"can't start new thread True"});
  hostile("import threading\nthreading.Thread(target=print).start()", {"can't start new thread"},
          {.time = 1'500ms, .threads = 0});
}

TEST_CASE("hostile code: nothing of the machine and the daemon can be read") {
  hostile("print(open('/etc/shadow').read())", {"[exit status 1", "Error"});
  hostile("print(open('/etc/passwd').read())", {"[exit status 1", "Error"});
  hostile("import os\nprint(open('/proc/%d/environ' % os.getppid()).read())", {"[exit status 1", "Error"});
  hostile("import os\n[name for name in sorted(os.environ) if name != 'PWD']",
          {"[exit status 0]\n['HOME', 'LANG', 'MALLOC_ARENA_MAX', 'OMP_NUM_THREADS', 'TMPDIR']"});
  ::setenv("TROUPE_TEST_CANARY", "canary-of-the-environment", 1);
  const std::string daemon = std::to_string(::getpid());
  hostile(
      "for p in ['/proc/" + daemon + "/environ', '/proc/self/environ', '/proc/1/environ', '/proc/" + daemon +
          "/mem', '/proc/" + daemon +
          "/maps']:\n    try: print(open(p, 'rb').read())\n    except OSError as e: print(type(e).__name__)",
      [](const std::string& said) {
        CHECK_FALSE(said.contains("canary-of-the-environment"));
        CHECK(said.contains("Error"));
      });
  ::unsetenv("TROUPE_TEST_CANARY");
  const fakes::TempDir folder;
  std::ofstream(folder.path() / "secret.txt") << "canary-of-a-file";
  hostile("import os\nfor at, d, f in os.walk('" + folder.path().string() +
              "'):\n    for x in f: print(open(at + '/' + x).read())\nprint('done')",
          [](const std::string& said) {
            CHECK_FALSE(said.contains("canary-of-a-file"));
            CHECK(said.contains("done"));
          });
}

TEST_CASE("hostile code: it has no descriptor but its three streams") {
  hostile(
      "import os\nopen_ones = []\nfor n in range(3, 1024):\n    try: os.fstat(n); open_ones.append(n)\n    "
      "except "
      "OSError: pass\nopen_ones",
      {"[exit status 0]\n[]"});
}

TEST_CASE("hostile code: nobody can be connected to, neither on this machine nor beyond") {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in at{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  REQUIRE(::listen(listener, 4) == 0);
  socklen_t size = sizeof at;
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  const std::string port = std::to_string(ntohs(at.sin_port));
  hostile(
      "import socket\nfor host, port in [('127.0.0.1', " + port +
          "), ('169.254.169.254', 80), ('::1', 80), ('8.8.8.8', 53)]:\n    for kind in (socket.SOCK_STREAM, "
          "socket.SOCK_DGRAM):\n        try:\n            s = socket.socket(socket.AF_INET6 if ':' in host "
          "else "
          "socket.AF_INET, kind)\n            s.connect((host, port))\n            print('connected')\n      "
          "  "
          "except OSError as e: print(e.errno)\ntry: socket.socket(socket.AF_UNIX); "
          "print('connected')\nexcept "
          "OSError as e: print(e.errno)",
      [](const std::string& said) {
        CHECK_FALSE(said.contains("connected"));
        CHECK(said.contains("[exit status 0]\n1\n1\n"));  // EPERM
      });
  CHECK(::accept(listener, nullptr, nullptr) < 0);
  ::close(listener);
}

TEST_CASE("hostile code: nothing is written outside of its folder, also not by way of links") {
  const fakes::TempDir folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0777));
  const std::string target = folder.path() / "target";
  std::ofstream(target) << "before";
  std::filesystem::permissions(target, std::filesystem::perms(0666));
  const std::string outside = folder.path().string();
  hostile(
      "import os\ndef attempt(f):\n    try: f(); print('DONE')\n    except OSError as e: "
      "print(type(e).__name__)\n"
      "attempt(lambda: open('" +
          outside +
          "/new', 'w'))\n"
          "attempt(lambda: open('" +
          target +
          "', 'a').write('x'))\n"
          "os.symlink('" +
          target +
          "', 'link')\nattempt(lambda: open('link', 'w').write('x'))\n"
          "os.symlink('" +
          outside +
          "', 'way')\nattempt(lambda: open('way/new', 'w'))\n"
          "attempt(lambda: os.link('" +
          target +
          "', 'hard'))\n"
          "attempt(lambda: os.rename('" +
          target +
          "', 'mine'))\n"
          "attempt(lambda: os.unlink('" +
          target +
          "'))\n"
          "attempt(lambda: os.rename('link', '" +
          outside +
          "/moved'))\n"
          "attempt(lambda: open('../sibling', 'w'))\n"
          "attempt(lambda: os.chmod('.', 0o777))\n"
          "attempt(lambda: os.mkfifo('pipe'))\n"
          "attempt(lambda: open('/usr/lib/x', 'w'))\n",
      [](const std::string& said) {
        CHECK_FALSE(said.contains("DONE"));
        CHECK(said.contains("exit status 0"));
      });
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()),
                      std::filesystem::directory_iterator()) == 1);
  std::ifstream kept(target);
  std::string text;
  std::getline(kept, text);
  CHECK(text == "before");
}

TEST_CASE("hostile code: a link to what is not its own is removed, and not what it leads to") {
  const fakes::TempDir folder;
  std::ofstream(folder.path() / "kept.txt") << "x";
  hostile("import os\nos.symlink('" + folder.path().string() + "', 'way')\nos.mkdir('d')\nos.symlink('" +
              folder.path().string() + "/kept.txt', 'd/kept.txt')\nos.symlink('/', 'd/root')",
          {"[exit status 0"});
  CHECK(std::filesystem::exists(folder.path() / "kept.txt"));
}

TEST_CASE("hostile code: a file ends at its limit, and a folder of many at its own") {
  hostile("f = open('big', 'wb')\nwhile True: f.write(b'x' * 65536)",
          {"OSError: [Errno 27] File too large", "No file may be larger than 1 MiB."});
  hostile("n = 0\nwhile True:\n    open('f%d' % n, 'wb').write(b'x' * 500000)\n    n += 1",
          {"its folder held more than 4 MiB, or more than 2000 files, and it was killed"},
          {.time = 10s, .folder_bytes = std::size_t{4} << 20});
  hostile("n = 0\nwhile True:\n    open('f%d' % n, 'wb')\n    n += 1",
          {"more than 2000 files, and it was killed"}, {.time = 30s});
}

TEST_CASE("hostile code: folders without end and folders that nobody may enter are removed all the same") {
  hostile("import os\nfor i in range(1600):\n    os.mkdir('d')\n    os.chdir('d')\nprint('deep')",
          [](const std::string& said) { CHECK((said.contains("deep") || said.contains("killed"))); },
          {.time = 10s});
  hostile(
      "import os\nos.makedirs('a/b/c')\nopen('a/b/c/f', 'w')\nos.mkdir('shut', 0)\nos.umask(0o777)\n"
      "os.mkdir('a/b/c/d')\nos.mkdir('e')\nprint('made')",
      [](const std::string& said) {
        CHECK((said.contains("made") || said.contains("cannot be looked into")));
      });
}

TEST_CASE("hostile code: its folder cannot be taken away, and without one it still ends") {
  hostile(
      "import os, shutil\nhere = os.getcwd()\nfor f in (lambda: os.rmdir(here), lambda: os.rename(here, here "
      "+ '2'), "
      "lambda: shutil.rmtree(here)):\n    try: f(); print('DONE')\n    except OSError as e: "
      "print(type(e).__name__)",
      [](const std::string& said) {
        CHECK_FALSE(said.contains("DONE"));
        CHECK(said.contains("exit status 0"));
      });
}

TEST_CASE("hostile code: neither the daemon nor anybody else can be signalled") {
  const std::string daemon = std::to_string(::getpid());
  hostile(
      "import os, signal\nfor pid in (os.getppid(), " + daemon +
          ", -1):\n    try: os.kill(pid, signal.SIGKILL)\n    except OSError as e: print(type(e).__name__)\n"
          "print('still here')",
      [](const std::string& said) {
        // Where it has process numbers of its own, -1 is all of its own: itself at most.
        CHECK((said.contains("still here") || said.contains("SIGKILL") || said.contains("exit status")));
      });
  CHECK(::kill(::getpid(), 0) == 0);
}

TEST_CASE("hostile code: what it leaves running is gone when it has ended") {
  hostile(
      "import os, threading\ndef spin():\n    while True: pass\ntry:\n    if os.fork() == 0:\n        "
      "os.setsid()\n"
      "        spin()\nexcept OSError: pass\nthreading.Thread(target=spin, "
      "daemon=True).start()\nprint('left')",
      {"[exit status 0]\nleft"});
}

TEST_CASE("hostile code: privileges cannot be had") {
  hostile(
      "import os\nfor f in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.chroot('.'), lambda: "
      "os.nice(-5), "
      "lambda: os.setsid()):\n    try: f(); print('DONE')\n    except (OSError, AttributeError) as e: "
      "print(type(e).__name__)\nos.getuid() != 0",
      [](const std::string& said) {
        CHECK_FALSE(said.contains("DONE"));
        CHECK(said.contains("True"));
      });
}

TEST_CASE("hostile code: output that is no text, and control characters, become text") {
  hostile("import sys\nsys.stdout.buffer.write(b'a\\xff\\x00b\\x1b[31m\\xc3\\xa9\\r\\nc\\rd')",
          {"[exit status 0]\na\\xff\\x00b\\x1b[31mé\nc\nd"});
  hostile("print('\\udc80')", {"[exit status 0]\n\\udc80"});
}

TEST_CASE("hostile code: code that is no program is answered like any other mistake") {
  hostile(std::string("a\0b", 3), {"[exit status 1; standard error:]", "null bytes"});
  hostile("名前 = 'é日本😀'\n名前[::-1]", {"[exit status 0]\n'😀本日é'"});
  hostile(std::string(200'000, '-') + "1",
          [](const std::string& said) { CHECK((said.contains("Error") || said.contains("SIGSEGV"))); },
          {.time = 10s});
  hostile(std::string(300, '(') + std::string(300, ')'), {"too many nested parentheses"});
  hostile("x = [" + std::string(100'000, '1') + "]",
          [](const std::string& said) { CHECK(said.contains("exit status")); }, {.time = 10s});
  hostile("#" + std::string(250'000, 'x') + "\n5", {"[exit status 0]\n5"});
}

TEST_CASE("hostile code: a crash of the interpreter is named by its signal") {
  hostile("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", [](const std::string& said) {
    CHECK((said.contains("SIGSEGV") || said.contains("PermissionError")));
  });
  hostile("import os\nos.abort()", [](const std::string& said) {
    CHECK((said.contains("[it was ended by SIGABRT") || said.contains("[it was ended by SIGSEGV")));
  });
}

TEST_CASE("hostile code: what the call is given can break nothing of what runs it") {
  hostile(
      "import sys, builtins\ndel builtins.print\nsys.stdout = None\nsys.stderr = "
      "None\nsys.modules.clear()\n1/0",
      [](const std::string& said) { CHECK(said.contains("exit status")); });
  hostile("import sys, os\nos.close(1)\nos.close(2)\nprint('x')",
          [](const std::string& said) { CHECK(said.contains("exit status")); });
  hostile("import atexit\ndef spin():\n    while True: pass\natexit.register(spin)\nprint('last')",
          {"[it ran longer than 1.5 s and was killed]\nlast"});
}

TEST_CASE("hostile code: a call that is cancelled is gone with all it had") {
  if (!code_runs_here()) return;
  for (const auto& way : ways_here()) {
    const auto before = work_folders();
    std::optional<CodeWorld> here(std::in_place, way, CodeSettings{.time = 60s});
    CodeWorld& world = *here;
    const auto tool = world.tool();
    Stop stop;
    CallContext context{world.fake.loop, stop, Deadline(), world.fake.sink, Principal{}, "s", "r", "a", 1};
    // As soon as its folder is there.
    std::function<void()> look;
    Loop::Alarm alarm;
    look = [&] {
      const auto now = work_folders();
      if (std::ranges::any_of(now, [&](const auto& folder) {
            return !before.contains(folder) && std::filesystem::exists(folder + "/begun");
          }))
        return stop.request(StopReason::cancelled);
      alarm = world.fake.loop.at(world.fake.clock.now() + 5ms, look);
    };
    alarm = world.fake.loop.at(world.fake.clock.now() + 5ms, look);
    const auto output =
        fakes::run(world.fake.loop,
                   tool->call(ToolInput{{{"code", "open('begun', 'w')\nwhile True: pass"}}, ""}, context));
    REQUIRE_FALSE(output);
    CHECK(output.error().code == ErrorCode::cancelled);
    CHECK(childless());
    here.reset();
    for (const auto& folder : work_folders()) CHECK_MESSAGE(before.contains(folder), folder);
  }
}

TEST_CASE("hostile code: the time of who asked is kept, and what was said until then is shown") {
  if (!code_runs_here()) return;
  CodeWorld world(machine_here(), {.time = 60s});
  const auto tool = world.tool();
  CallContext context{world.fake.loop,
                      world.fake.stop,
                      Deadline::after(world.fake.clock, 2s),
                      world.fake.sink,
                      Principal{},
                      "s",
                      "r",
                      "a",
                      1};
  const auto output = fakes::run(
      world.fake.loop, tool->call(ToolInput{{{"code", "print('begun')\nwhile True: pass"}}, ""}, context));
  REQUIRE(output);
  CHECK(output->text == "[it was killed when the time of the call was over]\nbegun");
}
