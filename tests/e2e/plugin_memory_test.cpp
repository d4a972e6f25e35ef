// A plugin's memory in the real daemon: what it recalls and notes, also over kill -9; and what `check` says
// of one that is not there or takes no such options.
#include "runtime/base/json.h"
#include "tests/e2e/daemon.h"
#include "tests/e2e/libraries.h"
#include "tests/fakes/http_peer.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

PeerReply answers(const PeerRequest&) {
  const std::string said = dump(Json{{"thought", "t"}, {"final_answer", "As you say."}});
  const Json message = {{"role", "assistant"}, {"content", said}};
  return PeerReply::json(dump(
      Json{{"model", "x"}, {"choices", {{{"index", 0}, {"message", message}, {"finish_reason", "stop"}}}}}));
}

std::string yaml(const HttpPeer& model, const std::string& library,
                 const std::string& memory = "{ type: plugin/words, options: { most: 1 } }") {
  return fmt::format(R"(
plugins:
  words: {{ path: {} }}
models:
  m: {{ provider: openai, model: x, base_url: "{}", stream: false }}
agents:
  a: {{ model: m, memory: {} }}
default: a
)",
                     library, model.url("/v1"), memory);
}

/// A conversation that goes on over daemons.
class Talk {
 public:
  explicit Talk(Daemon& daemon) : daemon_(daemon) {}
  /// Whether it was answered.
  bool ask(const std::string& text) {
    std::vector<std::string> words{"ask", "-c", daemon_.config(), "--json"};
    if (!session_.empty()) words.insert(words.end(), {"--session", session_});
    words.push_back(text);
    const auto asked = daemon_.run(words);
    if (session_.empty())
      if (const auto event = parse_json(std::string_view(asked.out).substr(0, asked.out.find('\n'))))
        session_ = string_or(*event, "session");
    return asked.exit_code == 0 && asked.out.contains("As you say.");
  }

 private:
  Daemon& daemon_;
  std::string session_;
};

std::string last_request(const HttpPeer& model) {
  return model.requests().back().body;
}

}  // namespace

TEST_CASE("a plugin's memory recalls by its choice, and its notes are there after kill -9") {
  Libraries libraries;
  HttpPeer model(answers);
  Daemon daemon(yaml(model, libraries.put(TROUPE_KEYWORDS_PLUGIN, "libkeywords.so")));
  daemon.start();
  Talk talk(daemon);
  for (const char* text : {"Remember that I am Mina. I like ships.", "The ferry to Busan costs 42.",
                           "Bread needs flour.", "Cheese needs milk.", "Tea needs water."})
    CHECK(talk.ask(text));
  CHECK(talk.ask("When does the ferry leave?"));
  const std::string asked = last_request(model);
  CHECK_MESSAGE(asked.contains("ferry to Busan"), asked);
  CHECK(asked.contains("Tea needs water"));
  CHECK_FALSE(asked.contains("Bread needs flour"));
  CHECK_FALSE(asked.contains("I like ships"));

  // Nobody waits for notes: they are there for one of the next runs.
  for (int i = 0; i < 100 && !last_request(model).contains("- Remember that I am Mina"); ++i)
    CHECK(talk.ask("Go on."));
  REQUIRE(last_request(model).contains("- Remember that I am Mina"));
  daemon.kill();

  daemon.start();
  CHECK(talk.ask("Who am I?"));
  CHECK_MESSAGE(last_request(model).contains("- Remember that I am Mina"), last_request(model));
  CHECK(daemon.stop().exit_code == 0);
  const auto replayed = daemon.run({"runs", "replay", "--all", "-c", daemon.config()});
  CHECK_MESSAGE(replayed.exit_code == 0, (replayed.out + replayed.err));
}

TEST_CASE(
    "`troupe check` finds a memory that is not there, or that does not take its options, at its place") {
  Libraries libraries;
  HttpPeer model(answers);
  const std::string library = libraries.put(TROUPE_KEYWORDS_PLUGIN, "libkeywords.so");
  Daemon daemon(yaml(model, library));
  const auto check = [&](const std::string& memory) {
    daemon.rewrite(yaml(model, library, memory));
    const auto checked = daemon.run({"check", daemon.config()});
    return fmt::format("{} {}{}", checked.exit_code, checked.out, checked.err);
  };
  CHECK(check("plugin/words").starts_with("0 "));
  CHECK(check("{ type: plugin/words/keywords, max_tokens: 500, steps: true }").starts_with("0 "));
  const std::pair<const char*, const char*> wrong[] = {
      {"plugin/word", "there is no plugin `word` in `plugins`; did you mean `words`?"},
      {"plugin/words/keyword",
       "`memory.type` of agent `a`: the plugin `words` has no memory `keyword`; did you mean"},
      {"{ type: plugin/words, options: { most: many } }",
       "memory `keywords` of plugin `words`: its `options`"},
      {"{ type: plugin/words, options: { least: 1 } }", "memory `keywords` of plugin `words`: its `options`"},
      {"{ type: plugin/words, turns: 3 }", "it belongs to `type: window`"},
      {"{ type: plugin/words, max_tokens: 3 }", "200"},
      {"{ type: buffer, options: { most: 1 } }", "it belongs to `type: plugin/NAME`"},
  };
  for (const auto& [memory, words] : wrong) {
    CAPTURE(memory);
    const std::string said = check(memory);
    CHECK(said.starts_with("2 "));
    CHECK_MESSAGE(said.contains(words), said);
    CHECK_MESSAGE(said.contains(":11:"), said);
  }
  daemon.rewrite(yaml(model, libraries.put(TROUPE_GREET_PLUGIN, "libgreet.so"), "plugin/words"));
  const auto none = daemon.run({"check", daemon.config()});
  CHECK(none.exit_code == 2);
  CHECK_MESSAGE(none.out.contains("the plugin `words` has no service of kind `memory`"), none.out);
  // Where nobody has checked, the daemon says it before it listens.
  const auto started = daemon.run({"serve", "-c", daemon.config()});
  CHECK(started.exit_code == 2);
  CHECK_MESSAGE(started.err.contains("has no service of kind `memory`"), started.err);
}

TEST_CASE("`plugin list` and `plugin check` show a memory") {
  Libraries libraries;
  HttpPeer model(answers);
  const std::string library = libraries.put(TROUPE_KEYWORDS_PLUGIN, "libkeywords.so");
  Daemon daemon(yaml(model, library));
  const auto listed = daemon.run({"plugin", "list", "-c", daemon.config()});
  CHECK_MESSAGE(listed.out.contains("memory"), (listed.out + listed.err));
  const auto checked = fakes::run_program({program(), "plugin", "check", library, "--repeats", "50"});
  CHECK_MESSAGE(checked.exit_code == 0, (checked.out + checked.err));
  CHECK(checked.out.contains("memory `keywords`, recall chooses 3 of 3 turns"));
}
