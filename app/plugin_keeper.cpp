#include "app/plugin_keeper.h"

#include "agents/guardrails/plugin_judge.h"
#include "agents/guardrails/rule.h"
#include "app/catalog.h"
#include "app/service_checks.h"
#include "plugins/host/worker_program.h"
#include "plugins/plugin_index.h"
#include "plugins/plugin_loader.h"
#include "plugins/services.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::app {

namespace {

/// Below the store, which nobody else may enter; but root's workers are nobody, and must.
std::string copies_of(const std::string& store_path) {
  return ::geteuid() == 0 ? "/var/cache/troupe/plugins" : store_path + "/plugins";
}

/// Those whose library is named; the others are settings for one of the folder.
std::vector<plugins::PluginSettings> with_path(const Configuration& configuration) {
  std::vector<plugins::PluginSettings> settings = values_of(configuration.plugins);
  std::erase_if(settings, [](const plugins::PluginSettings& one) { return one.path.empty(); });
  return settings;
}

bool is_wanted(const Configuration& configuration, const std::string& plugin) {
  return plugins_in_use(configuration).contains(plugin);
}

std::string not_loaded(const plugins::LeftOut& library) {
  return fmt::format("plugin {}: {} is not loaded: {}", library.name, library.path, library.why);
}

/// Whatever makes another scan of it.
std::string summary_of(const plugins::FolderScan& scan) {
  std::string summary;
  for (const auto& one : scan.plugins) summary += fmt::format("{} {}\n", one.path, one.sha256);
  for (const auto& one : scan.left_out) summary += fmt::format("{} {}\n", one.path, one.why);
  return summary + fmt::format("{}", fmt::join(scan.allowed, " "));
}

/// What changes when a file does, or what a name leads to; "" while there is none, perhaps because it is just
/// being replaced.
std::string looks_of(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return "";
  return fmt::format("{} {}.{} {}.{} {} {:o}", found.st_ino, found.st_mtim.tv_sec, found.st_mtim.tv_nsec,
                     found.st_ctim.tv_sec, found.st_ctim.tv_nsec, found.st_size, found.st_mode);
}

}  // namespace

PluginKeeper::PluginKeeper(Loop& loop, Machine& machine, const std::string& store_path)
    : folder_(copies_of(store_path)),
      services_{.loop = loop,
                .support = [&machine]() -> const sandbox::Support& { return machine.support(); },
                .folder = folder_,
                .program = plugins::worker_program},
      plugins_(services_) {}

Task<Result<plugins::PluginTable>> PluginKeeper::adopt(const Configuration& configuration,
                                                       net::HttpClient& http, Stop& stop,
                                                       const plugins::PluginTable* in_use) {
  auto scan = plugins::scan_folder(configuration.plugins_from, configuration.plugins);
  if (!scan) co_return within("plugins_from", std::move(scan.error()));
  auto table = co_await plugins_.adopt(with_path(configuration), http, stop);
  if (!table) co_return fail(std::move(table.error()));
  adopted_[configuration.plugins_from.path] = summary_of(*scan);
  for (plugins::PluginSettings& one : scan->plugins) {
    plugins::LeftOut tried{one.name, one.path, ""};
    auto opened = co_await plugins_.adopt({std::move(one)}, http, stop);
    if (opened) {
      told_.erase(tried.path);
      table->merge(*opened);
      continue;
    }
    if (stop.requested()) co_return fail(std::move(opened.error()));
    tried.why = std::move(opened.error().message);
    scan->left_out.push_back(std::move(tried));
  }
  for (const plugins::LeftOut& library : scan->left_out) {
    if (table->contains(library.name)) {  // another file of that name
      tell(library, false);
      continue;
    }
    const auto before = in_use ? in_use->find(library.name) : plugins::PluginTable::const_iterator{};
    const bool kept = in_use && before != in_use->end() && before->second->settings().from_folder &&
                      scan->allowed.contains(before->second->file().sha256);
    if (kept)
      table->insert(*before);
    else if (is_wanted(configuration, library.name))
      co_return fail(ErrorCode::unavailable, not_loaded(library));
    tell(library, kept);
  }
  left_out_ = std::move(scan->left_out);
  co_return table;
}

void PluginKeeper::tell(const plugins::LeftOut& library, bool kept) {
  // One that is put there again, to be tried again, is told of again.
  const Told now{looks_of(library.path), library.why};
  if (std::exchange(told_[library.path], now) == now) return;
  log::warn(kept ? "a library of `plugins_from` cannot be used: the one before stays"
                 : "a library of `plugins_from` is not loaded",
            {{"plugin", library.name}, {"path", library.path}, {"why", library.why}});
}

bool PluginKeeper::settled(const std::string& what, std::string now) {
  Seen& seen = seen_[what];
  const bool fresh = seen.last == now && seen.settled != now;
  if (fresh) seen.settled = now;
  seen.last = std::move(now);
  return fresh;
}

bool PluginKeeper::changed(const Configuration& configuration, const plugins::PluginTable& in_use) {
  std::vector<plugins::PluginSettings> touched;
  for (const plugins::PluginSettings& settings : with_path(configuration)) {
    const std::string now = looks_of(settings.path);
    if (!now.empty() && settled(settings.path, now)) touched.push_back(settings);
  }
  const bool folder = folder_changed(configuration, in_use);
  return (!touched.empty() && plugins_.changed(touched, in_use)) || folder;
}

bool PluginKeeper::folder_changed(const Configuration& configuration, const plugins::PluginTable& in_use) {
  const plugins::LibraryFolderSettings& from = configuration.plugins_from;
  if (from.path.empty()) return false;
  std::string now = looks_of(from.path) + looks_of(from.allow_file);
  std::error_code failed;
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(from.path, failed))
    if (entry.path().extension() == ".so") files.push_back(entry.path().string());
  std::ranges::sort(files);
  for (const std::string& file : files) now += fmt::format("\n{} {}", file, looks_of(file));
  if (!settled(from.path + "/", std::move(now))) return false;
  const auto scan = plugins::scan_folder(from, configuration.plugins);
  // That it may not be read any more is worth an adopt(), which says so.
  if (!scan || adopted_[from.path] != summary_of(*scan)) return true;
  // One that may be loaded and is not in use did not start; put there again, it may.
  return std::ranges::any_of(scan->plugins, [&](const plugins::PluginSettings& one) {
    const auto used = in_use.find(one.name);
    if (used != in_use.end() && used->second->file().sha256 == one.sha256) return false;
    const auto told = told_.find(one.path);
    return told == told_.end() || told->second.looks != looks_of(one.path);
  });
}

Result<plugins::PluginTable> PluginKeeper::look_at(const Configuration& configuration,
                                                   const std::set<std::string>& names) {
  auto scan = plugins::scan_folder(configuration.plugins_from, configuration.plugins);
  if (!scan) return within("plugins_from", std::move(scan.error()));
  plugins::PluginTable table;
  const auto look = [&](const plugins::PluginSettings& settings) -> Result<> {
    if (!names.contains(settings.name) && !(settings.from_folder && names.contains(""))) return {};
    auto file = folder_.take(settings);
    if (!file) return within(fmt::format("plugin {}", settings.name), std::move(file.error()));
    auto plugin = plugins::Plugin::look_at(services_, settings, std::move(*file));
    if (!plugin) return fail(std::move(plugin.error()));
    table[settings.name] = std::move(*plugin);
    return {};
  };
  for (const plugins::PluginSettings& settings : with_path(configuration))
    if (auto done = look(settings); !done) return fail(std::move(done.error()));
  for (const plugins::PluginSettings& settings : scan->plugins)
    if (auto done = look(settings); !done)
      scan->left_out.push_back({settings.name, settings.path, std::move(done.error().message)});
  for (const plugins::LeftOut& library : scan->left_out)
    if (!table.contains(library.name) && names.contains(library.name) &&
        is_wanted(configuration, library.name))
      return fail(ErrorCode::unavailable, not_loaded(library));
  return table;
}

Task<> PluginKeeper::close() {
  co_await plugins_.close();
}

Result<> add_plugin_tools(const Configuration& configuration, const plugins::PluginTable& plugins,
                          tools::ToolTable& tools) {
  for (const auto& [name, section] : configuration.tools) {
    if (section.type != "plugin") continue;
    auto made = plugins::make_plugin_tools(section, plugins);
    if (!made) return within(fmt::format("tool `{}`", name), std::move(made.error()));
    for (auto& [part, tool] : *made)
      if (!tools.emplace(part, std::move(tool)).second)
        return fail(ErrorCode::conflict, fmt::format("tool `{}` is configured twice", part));
  }
  return {};
}

Result<std::shared_ptr<const memory::Loaders>> make_loaders(Loop& loop, const Configuration& configuration,
                                                            const plugins::PluginTable& plugins) {
  for (const auto& [name, base] : configuration.knowledge)
    for (std::size_t i = 0; i < base.sources.size(); ++i) {
      const memory::Source& source = base.sources[i];
      if (source.plugin.empty()) continue;
      auto found =
          plugins::find_service(plugins, source.plugin, plugins::kLoaderKind, source.loader, "loader");
      if (!found) return within(fmt::format("knowledge.{}.sources[{}]", name, i), std::move(found.error()));
    }
  return std::make_shared<const memory::Loaders>(plugins::make_plugin_loaders(loop, plugins));
}

std::vector<PluginRule> plugin_rules(const Configuration& configuration) {
  std::vector<PluginRule> found;
  const auto look_at = [&found](const char* section, const std::string& entry, const std::string& list,
                                const std::vector<agents::RuleSettings>& rules) {
    for (std::size_t i = 0; i < rules.size(); ++i)
      if (!rules[i].plugin.empty())
        found.push_back({section, entry, fmt::format("{}[{}]", list, i), &rules[i]});
  };
  for (const auto& [name, agent] : configuration.agents) {
    look_at("agents", name, "guardrails.input", agent.guardrails.input);
    look_at("agents", name, "guardrails.output", agent.guardrails.output);
  }
  for (const auto& [name, team] : configuration.teams)
    for (std::size_t i = 0; i < team.tasks.size(); ++i)
      look_at("teams", name, fmt::format("tasks[{}].guardrail", i), team.tasks[i].guardrail);
  return found;
}

Result<> add_plugin_judges(const Configuration& configuration, const plugins::PluginTable& plugins,
                           models::ModelTable& models) {
  for (const PluginRule& rule : plugin_rules(configuration)) {
    auto judge = agents::make_plugin_judge(*rule.settings, plugins);
    if (!judge)
      return within(fmt::format("{}.{}.{}", rule.section, rule.entry, rule.key), std::move(judge.error()));
    models.insert_or_assign(agents::judge_name(*rule.settings), std::move(*judge));
  }
  return {};
}

Result<IndexTable> make_indexes(Loop& loop, const Configuration& configuration,
                                const plugins::PluginTable& plugins) {
  IndexTable table;
  for (const auto& [name, base] : configuration.knowledge) {
    if (base.index.plugin.empty()) continue;
    auto made = plugins::make_plugin_indexes(loop, base.index.plugin, base.index.options, plugins);
    if (!made) return within(fmt::format("knowledge base `{}`", name), std::move(made.error()));
    table[name] = std::move(*made);
  }
  return table;
}

}  // namespace troupe::app
