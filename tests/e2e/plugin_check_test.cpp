// What `troupe plugin check` says of what it is given wrongly, and how it shows what a plugin says.
#include "tests/e2e/daemon.h"
#include "tests/e2e/libraries.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;

namespace {

fakes::Outcome check(const std::string& library, std::vector<std::string> more = {}) {
  std::vector<std::string> command{program(), "plugin", "check", library};
  command.insert(command.end(), more.begin(), more.end());
  return fakes::run_program(std::move(command));
}

}  // namespace

TEST_CASE("`plugin check` takes a configuration or an input that does not fit for wrong use") {
  Libraries libraries;
  const std::string keywords = libraries.put(TROUPE_KEYWORDS_PLUGIN, "libkeywords.so");
  const std::string hostile = libraries.put(TROUPE_HOSTILE_PLUGIN, "libhostile.so");
  for (const auto& [library, more, words] :
       {std::tuple(keywords, std::vector<std::string>{"--call", R"(keywords={"options": {"most": "x"}})"},
                   "troupe: --call does not go with the memory `keywords`: its `options`: /most: "),
        std::tuple(keywords, std::vector<std::string>{"--call", "keyword={}"},
                   "has no service `keyword`; did you mean `keywords`?"),
        std::tuple(hostile, std::vector<std::string>{"--config", R"({"mood": 5})"},
                   "troupe: --config does not go with the plugin `hostile`: its `config`: /mood: ")}) {
    CAPTURE(words);
    const auto checked = check(library, more);
    CHECK(checked.exit_code == 2);
    CHECK_MESSAGE(checked.err.contains(words), checked.err);
    CHECK_FALSE(checked.out.contains("no problems found"));
  }
}

TEST_CASE("`plugin check` says of a folder that it is one, and names a library in it") {
  Libraries libraries;
  const auto empty = check(libraries.path());
  CHECK(empty.exit_code == 2);
  CHECK_MESSAGE(empty.err.contains("it is a folder; `plugin check` wants one shared library, such as "),
                empty.err);
  const std::string keywords = libraries.put(TROUPE_KEYWORDS_PLUGIN, "libkeywords.so");
  CHECK(check(libraries.path()).err.contains("/libkeywords.so"));
  const auto device = check("/dev/zero");
  CHECK(device.exit_code == 2);
  CHECK_MESSAGE(device.err.contains("/dev/zero: it is no file"), device.err);
}

TEST_CASE("`plugin check` writes control characters of a plugin's texts out") {
  Libraries libraries;
  const std::string hostile = libraries.put(TROUPE_HOSTILE_PLUGIN, "libhostile.so");
  const auto checked = check(hostile, {"--repeats", "1", "--call", "steer={}", "--call", "steer_error={}"});
  CHECK_MESSAGE(checked.out.contains(R"(“\x1b]0;mine\x07\x1b[32mok\x08\x08”)"), checked.out);
  CHECK_MESSAGE(checked.out.contains(R"(answers with an error: \x1b[2Jgone\u009b2J)"), checked.out);
  CHECK_FALSE(checked.out.contains('\x1b'));
  CHECK_FALSE(checked.out.contains("\xc2\x9b"));
}
