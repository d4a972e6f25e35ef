#include "app/replay_catalog.h"

#include "agents/block_journal.h"
#include "agents/guardrails/rule.h"
#include "app/catalog.h"
#include "app/plugin_keeper.h"
#include "memory/conversation/turn_vectors.h"
#include "models/token_counter.h"
#include "models/tokens/encoding.h"
#include "runtime/async/offload.h"
#include "runtime/config/environment.h"
#include "runtime/net/http_client.h"
#include "tools/catalog.h"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace troupe::app {

namespace {

// Long enough to be masked, and like nothing that anybody writes.
std::string word_for(std::size_t number) {
  return fmt::format("no-secret-in-a-replay-{}", number);
}

/// The machine's own files, but no variable and no secret of it.
class Secretless final : public config::ProcessEnvironment {
 public:
  explicit Secretless(std::string_view canonical) : canonical_(canonical) {}

  std::optional<std::string> variable(const std::string& name) const override {
    return canonical_.contains("${" + name) ? std::optional(word("variable " + name)) : std::nullopt;
  }
  Result<std::string> read_file(const std::string& path, std::size_t bytes_max) const override {
    if (canonical_.contains("${file:" + path + "}")) return word("file " + path);
    return ProcessEnvironment::read_file(path, bytes_max);
  }

 private:
  std::string word(const std::string& of) const {
    return words_.emplace(of, word_for(words_.size())).first->second;
  }

  const std::string_view canonical_;
  mutable std::map<std::string, std::string> words_;
};

// Those that were written down in the configuration itself.
config::SecretValues written_secrets(std::string_view canonical) {
  constexpr std::string_view kBegin = "${secret:";
  config::SecretValues values;
  for (std::size_t at = canonical.find(kBegin); at != canonical.npos; at = canonical.find(kBegin, at + 1)) {
    const std::size_t begin = at + kBegin.size();
    const std::string place(canonical.substr(begin, canonical.find('}', begin) - begin));
    values.emplace(place, word_for(1'000 + values.size()));
  }
  return values;
}

/// What tools are made with, which are never called.
class NoNetwork final : public net::HttpClient {
 public:
  Task<Result<net::HttpResponse>> fetch(net::HttpRequest, Stop&) override { co_return fail(offline()); }
  Task<Result<net::HttpHead>> stream(net::HttpRequest, net::BodySink&, Stop&) override {
    co_return fail(offline());
  }

 private:
  static Error offline() { return {.code = ErrorCode::unavailable, .message = "a replay reaches nothing"}; }
};

/// A folder that takes everything and keeps nothing.
class NoArtifacts final : public store::Artifacts {
 public:
  NoArtifacts(Loop& loop, std::shared_ptr<Workers> workers)
      : Artifacts(loop, *workers, ""), workers_(std::move(workers)) {}
  Task<Result<>> write(std::string, std::string) override { co_return Result<>(); }

 private:
  const std::shared_ptr<Workers> workers_;
};

std::map<std::string, std::string, std::less<>> bases_of(const Configuration& configuration) {
  std::map<std::string, std::string, std::less<>> bases;
  for (const auto& [name, base] : configuration.knowledge) bases.emplace(name, base.description);
  return bases;
}

// Those that only bring models and embedders are not asked for anything in a replay.
// "" where a section gives all of a folder.
std::set<std::string> plugins_with_tools(const Configuration& configuration) {
  std::set<std::string> names;
  for (const auto& [name, section] : configuration.tools)
    if (section.type == "plugin") names.insert(section.plugin);
  return names;
}

// Counted as exactly as when the run was recorded: nobody waits for an encoding then.
void prepare_encodings(const Configuration& configuration) {
  for (const auto& [name, model] : configuration.models)
    if (const auto encoding = models::encoding_for(model)) (void)models::tokens::Encoding::get(*encoding);
}

}  // namespace

Result<Configuration> snapshot_for_replay(std::string_view canonical) {
  Configuration known;
  known.secret_values = written_secrets(canonical);
  Checked restored = restore_configuration(canonical, known, Secretless(canonical));
  if (restored.configuration) return std::move(*restored.configuration);
  std::string why;
  for (const config::Problem& problem : restored.problems)
    why += (why.empty() ? "" : "; ") + config::render(problem);
  return fail(ErrorCode::invalid, "the configuration that it began with cannot be used any more: " + why);
}

Result<std::shared_ptr<const agents::Catalog>> make_replay_catalog(const Configuration& configuration,
                                                                   agents::ReplayStage stage) {
  const auto backstage =
      std::make_shared<const agents::Backstage>(stage.cues, std::move(stage.texts), configuration.secrets);
  prepare_encodings(configuration);
  auto models = std::make_shared<models::ModelTable>();
  for (const auto& [name, model] : configuration.models)
    models->emplace(name, agents::replayed_model(backstage, name, name));
  for (const PluginRule& rule : plugin_rules(configuration)) {
    const std::string judge = agents::judge_name(*rule.settings);
    models->insert_or_assign(judge, agents::replayed_model(backstage, judge, judge));
  }
  models::EmbedderTable embedders;
  for (const auto& [name, embedder] : configuration.embeddings)
    embedders.emplace(name, agents::silent_embedder(name));
  auto prompts = prompts::PromptSet::load(configuration.prompts);
  if (!prompts) return fail(std::move(prompts.error()));
  const auto knowledge = agents::replayed_knowledge(backstage, bases_of(configuration));
  static NoNetwork network;  // without state, and for as long as any tool that has it
  auto tools = tools::make_tools(values_of(configuration.tools), {.clock = stage.loop.clock(),
                                                                  .http = network,
                                                                  .knowledge = knowledge,
                                                                  .mcp_servers = configuration.mcp_servers});
  if (!tools) return fail(std::move(tools.error()));
  Machine machine;
  PluginKeeper keeper(stage.loop, machine, configuration.store.path);
  auto plugins = keeper.look_at(configuration, plugins_with_tools(configuration));
  if (!plugins) return fail(std::move(plugins.error()));
  if (auto added = add_plugin_tools(configuration, *plugins, *tools); !added)
    return fail(std::move(added.error()));
  std::shared_ptr<store::Artifacts> artifacts;
  if (!configuration.artifacts.empty())
    artifacts = std::make_shared<NoArtifacts>(stage.loop, std::make_shared<Workers>(1));
  return make_catalog(
      configuration,
      {.models = models,
       .prompts = std::make_shared<const prompts::PromptSet>(std::move(*prompts)),
       .knowledge = knowledge,
       .memory = {.embedders = &embedders,
                  .vectors = std::make_shared<memory::TurnVectorsInMemory>(),
                  .blocks = std::make_shared<agents::BlockJournal>(stage.loop, stage.journal),
                  .outside = [](const memory::MemorySettings&) { return agents::silent_memory(); }},
       .artifacts = std::move(artifacts),
       .stand_in =
           [&backstage](const std::string& name, std::shared_ptr<tools::Tool> tool) {
             return agents::replayed_tool(backstage, name, std::move(tool));
           }},
      *tools, "");
}

}  // namespace troupe::app
