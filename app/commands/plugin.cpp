#include "app/catalog.h"
#include "app/commands/command.h"
#include "app/library_copy.h"
#include "app/load.h"
#include "app/plugin_template.h"
#include "app/talk/printer.h"
#include "app/wiring.h"
#include "memory/knowledge/ingest/source_file.h"
#include "plugins/check/report_folder.h"
#include "plugins/check/sanitized_library.h"
#include "plugins/check/validator.h"
#include "plugins/host/plugin_confinement.h"
#include "plugins/host/process_line.h"
#include "plugins/host/worker_program.h"
#include "plugins/plugin_loader.h"
#include "runtime/async/run_task.h"
#include "runtime/base/sanitized.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

namespace fs = std::filesystem;

// With AddressSanitizer: until a worker is ready, and until it has looked for leaks at its end.
constexpr Milliseconds kSanitizedTime{60'000};
constexpr Milliseconds kSanitizedGrace{500};  // for a call that was cancelled
constexpr int kSymbolizers = 8;               // processes that turn addresses into lines

struct PluginOptions {
  std::string config;
  std::string name;
  std::string language = "c++";
  std::string library;
  std::string settings = "{}";
  std::vector<std::string> calls;
  std::vector<std::string> readable;
  std::string asan_runtime;
  bool unconfined = false;
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

Json shown_as_json(const std::string& entry, const plugins::Plugin& plugin) {
  Json shown = to_json(plugin.description());
  shown["entry"] = entry;
  shown["path"] = plugin.settings().path;
  shown["sha256"] = plugin.file().sha256;
  shown["isolation"] = plugin.settings().isolation;
  return shown;
}

void print_plugin(const std::string& entry, const plugins::Plugin& plugin) {
  const plugins::PluginDescription& told = plugin.description();
  fmt::print("{:16} {} {}, {}, {}\n", entry, told.name, told.version,
             plugin.settings().isolation == "none" ? "in the daemon" : "in worker processes",
             plugin.settings().path);
  for (const plugins::ServiceDescription& service : told.services) {
    // Only tools have an effect; of others people look for what they can.
    const std::string_view beside =
        service.kind == "tool" ? tools::word(service.effect) : std::string_view(service.features);
    fmt::print("  {:14} {:9} {:12} {}\n", service.name, service.kind, beside,
               service.description.substr(0, service.description.find('\n')));
  }
}

int list(const PluginOptions& options) {
  auto loaded = load_for_command(options.config);
  if (!loaded) return kUsage;
  return with_plugins(loaded->configuration, [&options](const plugins::PluginTable& table,
                                                        const std::vector<plugins::LeftOut>& left_out) {
    Json all = Json::array();
    for (const auto& [name, plugin] : table) {
      if (options.json)
        all.push_back(shown_as_json(name, *plugin));
      else
        print_plugin(name, *plugin);
    }
    for (const plugins::LeftOut& library : left_out) {
      if (options.json)
        all.push_back({{"entry", library.name}, {"path", library.path}, {"not_loaded", library.why}});
      else
        fmt::print("{:16} not loaded, {}: {}\n", library.name, library.path, library.why);
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

/// Text of a plugin as it may stand on a terminal, further lines set in: none of them looks like a finding.
std::string shown_below(const std::string& text, std::string_view indent) {
  std::string shown;
  for (const char c : printable(text)) {
    shown += c;
    if (c == '\n') shown += indent;
  }
  return shown;
}

/// Prints what is found, as it is found.
class Findings {
 public:
  /// `library` outlives it.
  explicit Findings(const LibraryCopy& library) : library_(library) {}

  void tell(const plugins::Finding& finding) {
    using Kind = plugins::Finding::Kind;
    if (finding.kind == Kind::misuse) {
      misused_ = true;
      return complain(shown_below(library_.of_original(finding.text), "  "));
    }
    static const std::map<Kind, std::string_view> kMarks = {{Kind::good, "ok"},
                                                            {Kind::skipped, "skipped"},
                                                            {Kind::warning, "WARNING"},
                                                            {Kind::problem, "PROBLEM"}};
    problems_ += finding.kind == Kind::problem ? 1 : 0;
    fmt::print("{:8} {}\n", kMarks.at(finding.kind),
               shown_below(library_.of_original(finding.text), "         "));
    std::fflush(stdout);
  }
  /// Whether what was given does not go with the plugin, so that nothing was tried.
  bool misused() const { return misused_; }
  /// What belongs to the finding before.
  void tell_more(const std::string& text) { fmt::print("{}\n", printable(library_.of_original(text))); }
  int verdict() const {
    if (misused_) return kUsage;
    fmt::print("{}\n",
               problems_ > 0 ? fmt::format("{} problems", problems_) : std::string("no problems found"));
    return problems_ > 0 ? kFailed : kDone;
  }

 private:
  const LibraryCopy& library_;
  int problems_ = 0;
  bool misused_ = false;
};

Task<int> hold_against(Loop& loop, plugins::LineMaker make, plugins::ValidatorOptions options,
                       Findings& findings) {
  co_await plugins::validate(loop, make, std::move(options),
                             [&findings](const plugins::Finding& finding) { findings.tell(finding); });
  co_return kDone;
}

void tell_reports(const std::vector<plugins::Report>& reports, Findings& findings) {
  std::set<std::string> told;  // one mistake ends several workers
  for (const plugins::Report& report : reports) {
    if (!told.insert(report.summary).second) continue;
    findings.tell({plugins::Finding::Kind::problem, "AddressSanitizer: " + report.summary});
    findings.tell_more(report.text);
  }
  if (reports.empty()) findings.tell({plugins::Finding::Kind::good, "AddressSanitizer found nothing"});
}

/// What is wrong with a path that names something else than a file; "" where it names one.
std::string why_no_library(const fs::path& path) {
  std::error_code failed;
  if (fs::is_regular_file(path, failed)) return "";
  if (!fs::is_directory(path, failed))
    return "it is no file; `plugin check` wants a shared library, such as ./libgreet.so";
  std::string example = (path / "libgreet.so").string();
  for (const auto& entry : fs::directory_iterator(path, failed))
    if (entry.path().extension() == ".so") {
      example = entry.path().string();
      break;
    }
  return fmt::format("it is a folder; `plugin check` wants one shared library, such as {}", example);
}

/// A file that cannot be read is found fault with when it is loaded.
plugins::Instrumented instrumentation(const fs::path& library) {
  std::ifstream in(library, std::ios::binary);
  std::error_code failed;
  const auto size = fs::file_size(library, failed);
  std::string bytes(failed ? 0 : size, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return plugins::instrumentation_of(bytes);
}

/// AddressSanitizer's runtime for that library, "" where this program has it. Nothing, with a complaint,
/// where it cannot be had.
std::optional<std::string> runtime_for(const plugins::Instrumented& built, const std::string& given) {
  if (kSanitized) {
    if (given.empty() && built.runtime.empty()) return "";
    complain(
        "this troupe was itself built with a sanitizer, and there cannot be two runtimes of it; use another "
        "build, or link the library without a runtime of its own (clang -fsanitize=address)");
    return std::nullopt;
  }
  auto runtime = plugins::address_runtime(built, given);
  if (runtime) return std::move(*runtime);
  complain(printable(runtime.error().message));  // it has a name out of the library
  return std::nullopt;
}

/// False, with a complaint, when the library cannot be run as it was built.
bool may_run(const plugins::Instrumented& built, const PluginOptions& options,
             const sandbox::Support& support) {
  if (built.thread) {
    complain(
        "the library was built with ThreadSanitizer, which only works where the whole program was; build it "
        "without, or with -fsanitize=address");
  } else if (built.address && !options.unconfined && !kSanitized) {
    complain(
        "the library was built with AddressSanitizer, which looks for leaks in ways that no confined process "
        "may use; where it may run like any program of yours, say so with --unconfined");
  } else if (!options.unconfined && sandbox::level(support) == sandbox::Level::none) {
    complain("plugins are not run on this machine: " + sandbox::describe(support));
  } else {
    return true;
  }
  return false;
}

plugins::ValidatorOptions validator_options(const std::string& name, const PluginOptions& options,
                                            std::map<std::string, Json> inputs,
                                            std::map<std::string, std::string> files, const Json& settings,
                                            bool sanitized) {
  plugins::ValidatorOptions wanted{.instance = {.name = name, .config = dump(settings)},
                                   .inputs = std::move(inputs),
                                   .files = std::move(files),
                                   .all = options.all,
                                   .repeats = options.repeats,
                                   .sanitized = sanitized};
  if (!sanitized) return wanted;
  // Everything is slower, and before the end the leaks are looked for.
  wanted.instance.start_time = wanted.instance.end_grace = kSanitizedTime;
  wanted.instance.cancel_grace = kSanitizedGrace;
  return wanted;
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
  if (const std::string why = why_no_library(library); !why.empty()) {
    complain(fmt::format("{}: {}", options.library, printable(why)));
    return kUsage;
  }
  const plugins::Instrumented built = instrumentation(library);
  const sandbox::Support support = options.unconfined ? sandbox::Support{} : sandbox::probe();
  if (!may_run(built, options, support)) return kFailed;
  auto copy = LibraryCopy::make(library);
  if (!copy) {
    complain(copy.error().message);
    return kFailed;
  }
  plugins::PluginSettings described{.name = library.stem().string()};
  described.grant.read = options.readable;
  sandbox::Program program = plugins::worker_program(copy->path());
  std::optional<plugins::ReportFolder> reports;  // with AddressSanitizer
  if (built.address && options.unconfined) {
    const auto runtime = runtime_for(built, options.asan_runtime);
    if (!runtime) return kFailed;
    auto folder = plugins::ReportFolder::make();
    if (!folder) {
      complain(folder.error().message);
      return kFailed;
    }
    reports.emplace(std::move(*folder));
    program.environment = reports->environment(*runtime);
    described.grant.write = {reports->path()};
    described.grant.processes = kSymbolizers;
  }
  sandbox::Confinement confinement = plugins::confinement_of(described, copy->path());
  if (reports) confinement.address_space = 0;
  auto cage =
      sandbox::Cage::make(support, confinement, std::move(program), fmt::format("plugin {}", described.name));
  if (!cage) {
    complain(cage.error().message);
    return kFailed;
  }
  fmt::print("{}: in a worker process, {}{}\n", library.string(),
             options.unconfined ? "not confined" : sandbox::describe(support),
             reports ? ", with AddressSanitizer" : "");
  SystemClock clock;
  Loop loop(clock);
  Findings findings(*copy);
  run_task(loop,
           hold_against(loop,
                        plugins::process_lines(loop, std::make_shared<const sandbox::Cage>(std::move(*cage))),
                        validator_options(library.stem().string(), options, std::move(*inputs),
                                          std::move(*files), *settings, reports.has_value()),
                        findings));
  if (reports && !findings.misused()) tell_reports(reports->read(library.filename().string()), findings);
  return findings.verdict();
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
                        "NAME={…}: call that tool, and with this input; of a loader {\"source\": FILE}, of a "
                        "memory {\"options\": {…}}");
  validator->add_flag("--all", options->all,
                      "Call also tools that may act in the world, with made-up inputs");
  validator->add_option("--read", options->readable, "A file or folder that it may read")
      ->transform([](const std::string& path) { return fs::absolute(path).string(); });
  validator->add_option("--repeats", options->repeats, "Calls of each tool")->check(CLI::Range(1, 1'000'000));
  validator->add_flag("--unconfined", options->unconfined,
                      "Run it as any other program: what a library with AddressSanitizer needs");
  validator->add_option("--asan-runtime", options->asan_runtime,
                        "AddressSanitizer's runtime (default: the one that the library names, or clang's)");
  validator->footer(
      "Tools that only read are called with inputs made of their schemas; others where --call or --all "
      "says so. Guardrails, loaders and memories only look, and are called always.");
  validator->callback([options, &exit_code] { exit_code = check(*options); });

  CLI::App* all = command->add_subcommand("list", "The configured plugins with what they offer");
  all->add_option("-c,--config", options->config,
                  "Configuration file (default: as `troupe serve` looks for it)");
  all->add_flag("--json", options->json, "As JSON");
  all->callback([options, &exit_code] { exit_code = list(*options); });
}

}  // namespace troupe::app
