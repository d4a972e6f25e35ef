// What `check` says of services of plugins that a configuration names: that which only the plugin can tell.
#include "tests/e2e/daemon.h"
#include "tests/e2e/libraries.h"

#include <array>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;

namespace {

/// A configuration that names a service of each kind, one key a line.
std::string yaml(Libraries& libraries) {
  return fmt::format(R"(
plugins:
  hello: {{ path: {}, config: {{ word: Hi }} }}
  bank: {{ path: {} }}
  films: {{ path: {} }}
  near: {{ path: {} }}
  words: {{ path: {} }}
tools:
  hi: {{ type: plugin, plugin: hello, tool: greet }}
models:
  m: {{ provider: builtin }}
knowledge:
  talks:
    sources:
      - {{ path: "*.srt", plugin: films, loader: subtitles }}
    index:
      kind: plugin/near/compared
      options: {{ after: 3 }}
agents:
  a:
    model: m
    tools: [hi]
    memory:
      type: plugin/words
      options: {{ most: 3 }}
    guardrails:
      input:
        - {{ max_length: 1000 }}
        - plugin: bank
          settings: {{ allow: iban }}
)",
                     libraries.put(TROUPE_GREET_PLUGIN, "libhello.so"),
                     libraries.put(TROUPE_BANK_DETAILS_PLUGIN, "libbank.so"),
                     libraries.put(TROUPE_SUBTITLES_PLUGIN, "libfilms.so"),
                     libraries.put(TROUPE_INDEX_PLUGIN, "libnear.so"),
                     libraries.put(TROUPE_KEYWORDS_PLUGIN, "libwords.so"));
}

std::string with(std::string text, std::string_view old, std::string_view now) {
  const std::size_t at = text.find(old);
  REQUIRE(at != std::string::npos);
  return text.replace(at, old.size(), now);
}

/// ":LINE:" of the file, as problems have it.
std::string place_of(const std::string& file, std::string_view what) {
  std::ifstream in(file);
  int number = 1;
  for (std::string line; std::getline(in, line); ++number)
    if (line.contains(what)) return fmt::format(":{}:", number);
  FAIL("it is not in the file: ", std::string(what));
  return "";
}

struct Wrong {
  std::string_view old, now;
  std::string_view said;
};

}  // namespace

TEST_CASE("`troupe check` finds what a plugin does not have or take, each where it is written") {
  Libraries libraries;
  const std::string right = yaml(libraries);
  Daemon daemon(right);
  const auto check = [&](const std::string& text) {
    daemon.rewrite(text);
    const auto checked = daemon.run({"check", daemon.config()});
    return std::pair(checked.exit_code, checked.out + checked.err);
  };
  const auto fine = check(right);
  CHECK_MESSAGE(fine.first == 0, fine.second);

  const std::array wrong = {
      Wrong{"word: Hi", "wort: Hi", "its `config`"},
      Wrong{"tool: greet", "tool: great", "`tool` of tool `hi`: "},
      Wrong{"loader: subtitles", "loader: subtitels",
            "`sources[0].plugin` of knowledge base `talks`: the plugin `films` has no loader `subtitels`; "
            "did you "
            "mean `subtitles`?"},
      Wrong{"near/compared", "near/compare", "`index.kind` of knowledge base `talks`: the plugin"},
      Wrong{"kind: plugin/near/compared", "kind: plugin/near", "say which with `plugin/near/SERVICE`"},
      Wrong{"after: 3", "after: soon",
            "`index.options` of knowledge base `talks`: index `compared` of plugin `near`: its `options`"},
      Wrong{"plugin/words", "plugin/words/keyword", "`memory.type` of agent `a`: the plugin `words`"},
      Wrong{"most: 3", "most: many",
            "`memory.options` of agent `a`: memory `keywords` of plugin `words`: its `options`"},
      Wrong{
          "plugin: bank", "plugin: words",
          "`guardrails.input[1].plugin` of agent `a`: the plugin `words` has no service of kind `guardrail`"},
      Wrong{"allow: iban", "allow: all",
            "`guardrails.input[1].settings` of agent `a`: guardrail `bank_details` of plugin `bank`: its "
            "`settings`"},
  };
  for (const Wrong& one : wrong) {
    CAPTURE(one.now);
    const auto [exit_code, said] = check(with(right, one.old, one.now));
    CHECK(exit_code == 2);
    CHECK_MESSAGE(said.contains(one.said), said);
    CHECK_MESSAGE(said.contains(place_of(daemon.config(), one.now)), said);
  }
  // All that is wrong comes at once.
  const auto [exit_code, said] =
      check(with(with(right, "most: 3", "most: many"), "allow: iban", "allow: all"));
  CHECK(exit_code == 2);
  for (const char* what : {"most: many", "allow: all"})
    CHECK_MESSAGE(said.contains(place_of(daemon.config(), what)), said);
}
