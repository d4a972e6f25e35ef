// Models and embedders of a plugin in the real daemon: an agent on one, with a tool of the same plugin and a
// knowledge base embedded by another; what `check`, `models` and `plugin` say of them; and a replay without
// them.
#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;

namespace {

namespace fs = std::filesystem;

/// The libraries where a daemon that is root, whose workers are nobody, may load them; and a document.
class Place {
 public:
  Place() {
    fs::permissions(folder_.path(), fs::perms(0755));
    std::ofstream(folder_.path() / "leave.md") << "# Leave\n\nEverybody has 25 days of annual leave.\n";
    put(TROUPE_MODELS_PLUGIN, "libmodels.so");
    put(TROUPE_NGRAMS_PLUGIN, "libngrams.so");
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  void put(const std::string& library, const std::string& name) {
    const fs::path fresh = folder_.path() / "fresh";
    fs::copy_file(library, fresh, fs::copy_options::overwrite_existing);
    fs::permissions(fresh, fs::perms(0755));
    fs::rename(fresh, folder_.path() / name);
  }
  void spoil(const std::string& name) {
    fs::remove(folder_.path() / name);
    std::ofstream(folder_.path() / name) << "not a library";
  }

  std::string yaml(const std::string& model = "scripted") const {
    return fmt::format(R"(
plugins:
  brain: {{ path: {} }}
  ngrams: {{ path: {} }}
models:
  main: {{ provider: plugin/brain, model: {}, price: {{ input: 1, output: 2 }}, retries: 1, fallback: [rules] }}
  rules: {{ provider: builtin }}
embeddings:
  default: {{ provider: plugin/ngrams, dimensions: 128 }}
knowledge:
  handbook: {{ sources: [{}] }}
tools:
  twice: {{ type: plugin, plugin: brain, tool: twice }}
  handbook: {{ type: retriever, knowledge: handbook }}
agents:
  clerk: {{ model: main, strategy: tools, tools: [twice, handbook], limits: {{ cost: 1 }} }}
default: clerk
)",
                       path("libmodels.so"), path("libngrams.so"), model, path("leave.md"));
  }

 private:
  fakes::TempDir folder_;
};

Task<std::vector<Json>> talk(Loop& loop, std::string url, std::string text) {
  ChatClient client(loop);
  co_await client.connect(url);
  co_await client.open();
  auto frames = co_await client.ask("m1", text);
  co_await client.close();
  co_return frames;
}

}  // namespace

TEST_CASE("an agent thinks with a plugin's model, calls a plugin's tool and searches by a plugin's vectors") {
  Place place;
  Daemon daemon(place.yaml());
  const auto added = daemon.run({"knowledge", "add", "-c", daemon.config()});
  REQUIRE_MESSAGE(added.exit_code == 0, added.err);
  daemon.start();
  REQUIRE(daemon.url().starts_with("http://"));
  SystemClock clock;
  Loop loop(clock);
  const auto ask = [&](const std::string& text) { return fakes::run(loop, talk(loop, daemon.url(), text)); };
  const auto answer = [](const std::vector<Json>& frames) {
    return string_or(fakes::frame_of(frames, "answer"), "text");
  };

  const auto said = ask("say one two three");
  CHECK(answer(said) == "one two three");
  const Json usage = fakes::frame_of(said, "usage");
  CHECK_MESSAGE(usage.value("input_tokens", 0) == 11, dump(usage));
  CHECK(usage.value("output_tokens", 0) == 7);
  CHECK(usage.value("cost", 0.0) == doctest::Approx(25e-6));

  CHECK(answer(ask(R"(use twice {"number": 21})")) == R"(The tool said: {"ok":true,"output":"42"})");
  const std::string found = answer(ask(R"(use handbook {"query": "days of annual leave"})"));
  CHECK_MESSAGE(found.contains("25 days"), found);

  const auto fallen = ask("fail 8 the model is away");
  CHECK(dump(Json(fallen)).contains("the model is away"));
  CHECK(string_or(fakes::frame_of(fallen, "run.finished"), "status") == "done");
  CHECK(answer(ask("die")) != "");
  CHECK(answer(ask("hello again")) == "You said: hello again");
  CHECK(daemon.stop().exit_code == 0);

  // What brings tools is asked for them; what brings vectors alone is not needed.
  place.spoil("libngrams.so");
  const auto replayed = daemon.run({"runs", "replay", "--all", "-c", daemon.config()});
  CHECK_MESSAGE(replayed.exit_code == 0, (replayed.out + replayed.err));
}

TEST_CASE("`troupe check` finds a plugin that is not there, and what one does not have, at its place") {
  Place place;
  Daemon daemon(place.yaml());
  const auto check = [&] { return daemon.run({"check", daemon.config()}); };
  const auto good = check();
  CHECK_MESSAGE(good.exit_code == 0, (good.out + good.err));

  daemon.rewrite(place.yaml("scrypted"));
  const auto other = check();
  CHECK(other.exit_code == 2);
  CHECK_MESSAGE(
      other.out.contains("10:21: error: `provider` of model `main`: the plugin `brain` has no model "
                         "`scrypted`; did you mean `scripted`?"),
      other.out);

  std::string misspelled = place.yaml();
  misspelled.replace(misspelled.find("plugin/ngrams"), 13, "plugin/ngram");
  daemon.rewrite(misspelled);
  const auto none = check();
  CHECK(none.exit_code == 2);
  CHECK_MESSAGE(none.out.contains("there is no plugin `ngram` in `plugins`; did you mean `ngrams`?"),
                none.out);

  std::string wrong = place.yaml();
  wrong.replace(wrong.find("plugin/ngrams"), 13, "plugin/brain");
  daemon.rewrite(wrong);
  CHECK(check().out.contains("the plugin `brain` has several embedders: say which as `model`"));
}

TEST_CASE("`troupe models` and `troupe plugin` show what a plugin brings, and try it") {
  Place place;
  Daemon daemon(place.yaml());
  const auto run = [&](std::vector<std::string> command) {
    command.insert(command.end(), {"-c", daemon.config()});
    return daemon.run(std::move(command));
  };
  const auto listed = run({"models", "list"});
  CHECK_MESSAGE(listed.out.contains("plugin/brain"), (listed.out + listed.err));
  CHECK(listed.out.contains("plugin/ngrams"));
  const auto tried = run({"models", "test"});
  CHECK_MESSAGE(tried.out.contains("models.main (plugin/brain scripted)"), (tried.out + tried.err));
  CHECK(tried.out.contains("128 dimensions"));
  const auto plugins = run({"plugin", "list"});
  CHECK_MESSAGE(plugins.out.contains("embedder"), (plugins.out + plugins.err));
  CHECK(plugins.out.contains("Does what the last message says"));
  const auto checked = fakes::run_program({program(), "plugin", "check", place.path("libngrams.so")});
  CHECK_MESSAGE(checked.exit_code == 0, (checked.out + checked.err));
  CHECK(checked.out.contains("embedder `ngrams` gives vectors of 384 dimensions"));
}

TEST_CASE("a library that is replaced brings its models anew; one without them leaves the old in place") {
  Place place;
  Daemon daemon(place.yaml());
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  const auto answer = [&](const std::string& text) {
    return string_or(fakes::frame_of(fakes::run(loop, talk(loop, daemon.url(), text)), "answer"), "text");
  };
  CHECK(answer("hello") == "You said: hello");
  place.put(TROUPE_NGRAMS_PLUGIN, "libmodels.so");
  CHECK(answer("hello") == "You said: hello");
  place.put(TROUPE_MODELS2_PLUGIN, "libmodels.so");
  std::string said;
  for (int i = 0; i < 1'000 && said != "Heard: hello"; ++i) said = answer("hello");
  CHECK(said == "Heard: hello");
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("a reply that is cached is given again only while the library that gave it is there") {
  Place place;
  std::string yaml = place.yaml();
  const std::string_view retries = "retries: 1, ";
  yaml.insert(yaml.find(retries), "cache: sqlite, ");
  Daemon daemon(yaml);
  const auto answer = [&] {
    const auto asked = daemon.run({"ask", "-c", daemon.config(), "--json", "hello"});
    CHECK_MESSAGE(asked.exit_code == 0, asked.err);
    return asked.out;
  };
  CHECK(answer().contains("You said: hello"));
  const std::string again = answer();
  CHECK(again.contains("You said: hello"));
  CHECK_MESSAGE(again.contains(R"("cache_hit":true)"), again);
  place.put(TROUPE_MODELS2_PLUGIN, "libmodels.so");
  CHECK(answer().contains("Heard: hello"));
  place.put(TROUPE_MODELS_PLUGIN, "libmodels.so");
  const std::string back = answer();
  CHECK(back.contains("You said: hello"));
  CHECK_MESSAGE(back.contains(R"("cache_hit":true)"), back);
}
