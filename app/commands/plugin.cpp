#include "app/catalog.h"
#include "app/commands/command.h"
#include "app/load.h"
#include "app/plugin_template.h"
#include "app/wiring.h"
#include "memory/knowledge/ingest/source_file.h"
#include "plugins/check/validator.h"
#include "plugins/host/plugin_confinement.h"
#include "plugins/host/process_line.h"
#include "plugins/host/worker_program.h"
#include "plugins/plugin_loader.h"
#include "runtime/async/run_task.h"
#include "runtime/telemetry/log.h"

#include <filesystem>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

namespace fs = std::filesystem;

struct PluginOptions {
  std::string config;
  std::string name;
  std::string language = "c++";
  std::string library;
  std::string settings = "{}";
  std::vector<std::string> calls;
  std::vector<std::string> readable;
  std::size_t repeats = 1'000;
  bool all = false;
  bool json = false;
};

int make_new(const PluginOptions& options) {
  auto made = write_plugin_template(options.name, options.language, fs::current_path());
  if (!made) {
    complain(made.error().message);
    return kUsage;
  }
  fmt::print("{}", *made);
  return kDone;
}

int list(const PluginOptions& options) {
  auto loaded = load_for_command(options.config);
  if (!loaded) return kUsage;
  return with_plugins(loaded->configuration, [&options](const plugins::PluginTable& table) {
    Json all = Json::array();
    for (const auto& [name, plugin] : table) {
      const plugins::PluginDescription& told = plugin->description();
      if (options.json) {
        Json shown = to_json(told);
        shown["entry"] = name;
        shown["path"] = plugin->settings().path;
        shown["sha256"] = plugin->file().sha256;
        shown["isolation"] = plugin->settings().isolation;
        all.push_back(std::move(shown));
        continue;
      }
      fmt::print("{:16} {} {}, {}, {}\n", name, told.name, told.version,
                 plugin->settings().isolation == "none" ? "in the daemon" : "in worker processes",
                 plugin->settings().path);
      for (const plugins::ServiceDescription& service : told.services) {
        // A guardrail or a loader has no effect to speak of; of a loader people look for its formats.
        const std::string_view beside = service.kind == "tool"     ? tools::word(service.effect)
                                        : service.kind == "loader" ? std::string_view(service.features)
                                                                   : std::string_view();
        fmt::print("  {:14} {:9} {:12} {}\n", service.name, service.kind, beside,
                   service.description.substr(0, service.description.find('\n')));
      }
    }
    if (options.json) fmt::print("{}\n", dump_pretty(all));
    return kDone;
  });
}

/// TOOL={…} of --call. Nothing, with a complaint, when one of them is none.
std::optional<std::map<std::string, Json>> inputs_of(const PluginOptions& options) {
  std::map<std::string, Json> inputs;
  for (const std::string& written : options.calls) {
    const std::size_t at = written.find('=');
    auto input = at == std::string::npos ? fail(ErrorCode::invalid, "there is no `=`")
                                         : parse_json(std::string_view(written).substr(at + 1));
    if (!input) {
      complain(fmt::format("--call wants TOOL={{…}}, such as greet='{{\"name\": \"Ada\"}}'; `{}`: {}",
                           written, input.error().message));
      return std::nullopt;
    }
    inputs[written.substr(0, at)] = std::move(*input);
  }
  return inputs;
}

/// The files that --call names for loaders: LOADER={"source": "talk.vtt"}. Nothing, with a complaint, when
/// one cannot be read.
std::optional<std::map<std::string, std::string>> files_of(const std::map<std::string, Json>& inputs) {
  std::map<std::string, std::string> files;
  for (const auto& [name, input] : inputs) {
    const std::string source = string_or(input, "source");
    if (source.empty() || !fs::is_regular_file(source)) continue;
    auto read = memory::read_source_file(fs::absolute(source).string(), "", plugins::kPluginFileBytes);
    if (!read) {
      complain(fmt::format("{}: {}", source, read.error().message));
      return std::nullopt;
    }
    files[name] = std::move(read->bytes);
  }
  return files;
}

Task<int> hold_against(Loop& loop, plugins::LineMaker make, plugins::ValidatorOptions options) {
  std::map<plugins::Finding::Kind, int> counts;
  co_await plugins::validate(loop, make, std::move(options), [&counts](const plugins::Finding& finding) {
    using Kind = plugins::Finding::Kind;
    static const std::map<Kind, std::string_view> kMarks = {{Kind::good, "ok"},
                                                            {Kind::skipped, "skipped"},
                                                            {Kind::warning, "WARNING"},
                                                            {Kind::problem, "PROBLEM"}};
    ++counts[finding.kind];
    fmt::print("{:8} {}\n", kMarks.at(finding.kind), finding.text);
    std::fflush(stdout);
  });
  const int problems = counts[plugins::Finding::Kind::problem];
  fmt::print("{}\n", problems > 0 ? fmt::format("{} problems", problems) : std::string("no problems found"));
  co_return problems > 0 ? kFailed : kDone;
}

int check(const PluginOptions& options) {
  auto inputs = inputs_of(options);
  if (!inputs) return kUsage;
  auto files = files_of(*inputs);
  if (!files) return kUsage;
  auto settings = parse_json(options.settings);
  if (!settings || !settings->is_object()) {
    complain(fmt::format("--config wants a JSON object: {}",
                         settings ? "it is another value" : settings.error().message));
    return kUsage;
  }
  std::error_code failed;
  const fs::path library = fs::canonical(options.library, failed);
  if (failed) {
    complain(fmt::format("{}: {}", options.library, failed.message()));
    return kUsage;
  }
  const sandbox::Support support = sandbox::probe();
  if (sandbox::level(support) == sandbox::Level::none) {
    complain("plugins are not run on this machine: " + sandbox::describe(support));
    return kFailed;
  }
  plugins::PluginSettings described{.name = library.stem().string()};
  described.grant.read = options.readable;
  auto cage = sandbox::Cage::make(support, plugins::confinement_of(described, library.string()),
                                  plugins::worker_program(library.string()));
  if (!cage) {
    complain(cage.error().message);
    return kFailed;
  }
  fmt::print("{}: in a worker process, {}\n", library.string(), sandbox::describe(support));
  SystemClock clock;
  Loop loop(clock);
  plugins::ValidatorOptions wanted{.instance = {.name = library.stem().string(), .config = dump(*settings)},
                                   .inputs = std::move(*inputs),
                                   .files = std::move(*files),
                                   .all = options.all,
                                   .repeats = options.repeats};
  return run_task(
      loop, hold_against(
                loop, plugins::process_lines(loop, std::make_shared<const sandbox::Cage>(std::move(*cage))),
                std::move(wanted)));
}

}  // namespace

void add_plugin(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<PluginOptions>();
  CLI::App* command =
      app.add_subcommand("plugin", "Write, check and list plugins: shared libraries with tools and more");
  command->require_subcommand(1);

  CLI::App* fresh =
      command->add_subcommand("new", "Write a plugin that compiles and works, into a new folder");
  fresh->add_option("name", options->name, "Its name: letters, digits and `_`")->required();
  fresh->add_option("--lang", options->language, "c++ or c")->check(CLI::IsMember({"c++", "c"}));
  fresh->callback([options, &exit_code] { exit_code = make_new(*options); });

  CLI::App* validator =
      command->add_subcommand("check", "Hold a library against the plugin ABI, by using it");
  validator->add_option("library", options->library, "The shared library")->required();
  validator->add_option("--config", options->settings, "Its configuration, a JSON object");
  validator->add_option("--call", options->calls,
                        "NAME={…}: call that tool, and with this input; of a loader {\"source\": FILE}");
  validator->add_flag("--all", options->all,
                      "Call also tools that may act in the world, with made-up inputs");
  validator->add_option("--read", options->readable, "A file or folder that it may read")
      ->transform([](const std::string& path) { return fs::absolute(path).string(); });
  validator->add_option("--repeats", options->repeats, "Calls of each tool")->check(CLI::Range(1, 1'000'000));
  validator->footer(
      "Tools that only read are called with inputs made of their schemas; others where --call or --all "
      "says so. Guardrails and loaders only look, and are called always.");
  validator->callback([options, &exit_code] { exit_code = check(*options); });

  CLI::App* all = command->add_subcommand("list", "The configured plugins with what they offer");
  all->add_option("-c,--config", options->config,
                  "Configuration file (default: as `troupe serve` looks for it)");
  all->add_flag("--json", options->json, "As JSON");
  all->callback([options, &exit_code] { exit_code = list(*options); });
}

}  // namespace troupe::app
