#include "plugins/section.h"

#include "runtime/config/hosts.h"
#include "runtime/config/json_value.h"
#include "runtime/config/record.h"
#include "runtime/config/scalars.h"

#include <algorithm>
#include <string_view>

namespace troupe::plugins {

namespace {

using config::Check;
using config::Record;

constexpr std::size_t kGrantsMost = 64;
constexpr std::size_t kAllowMost = 4096;         // hashes in the configuration itself
constexpr std::size_t kMemoryLeast = 64u << 20;  // this program alone maps most of that
constexpr std::size_t kMemoryMost = std::size_t{1} << 40;
constexpr std::chrono::milliseconds kStartMost{120'000};

std::string host_problem(std::string_view host) {
  if (host.find("://") != std::string_view::npos || host.find('/') != std::string_view::npos)
    return "write the host alone, without `https://` and path";
  if (host.starts_with("*.")) host.remove_prefix(2);
  return config::valid_host(host) ? "" : "it is not a host name";
}

std::string hash_problem(std::string_view hash) {
  const bool hex =
      std::ranges::all_of(hash, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return hex && hash.size() == 64 ? "" : "write the 64 hexadecimal digits that `sha256sum` prints";
}

Record<PluginGrant> grant() {
  Record<PluginGrant> grant("What the plugin may do beyond computing");
  grant.field(
      "hosts", &PluginGrant::hosts,
      config::list_of(config::line({.expected = "a host", .lower_case = true, .check = host_problem}),
                      "a list of hosts", kGrantsMost),
      "hosts it may reach through the daemon's guarded client: names, or `*.example.org` for all below");
  grant.field("read", &PluginGrant::read,
              config::list_of(config::path(config::There::anything), "a list of paths", kGrantsMost),
              "files and folders it may read");
  grant.field("write", &PluginGrant::write,
              config::list_of(config::path(config::There::directory), "a list of folders", kGrantsMost),
              "folders it may read and change");
  grant.field("network", &PluginGrant::network, config::boolean(),
              "connections of its own, past every guard: for trusted code");
  grant.field("threads", &PluginGrant::threads, config::integer<int>(0, 256), "threads of its own");
  grant.field("processes", &PluginGrant::processes, config::integer<int>(0, 256), "processes of its own");
  return grant;
}

Record<PluginLimits> limits() {
  Record<PluginLimits> limits("What one worker may use up");
  limits.field("memory", &PluginLimits::memory, config::bytes(kMemoryLeast, kMemoryMost),
               "address space; what needs more gets none");
  limits.field("file", &PluginLimits::file, config::bytes(0, kMemoryMost), "the largest file it may write");
  limits.field("open_files", &PluginLimits::open_files, config::integer<int>(16, 65'536),
               "files and connections it may have open");
  return limits;
}

Record<PluginSettings> plugin() {
  Record<PluginSettings> plugin("A shared library with tools, models or embedders of its own");
  plugin.field("path", &PluginSettings::path, config::path(config::There::file),
               "the library; without it that of its name in `plugins_from`");
  plugin.field("isolation", &PluginSettings::isolation,
               config::one_of({{{"process", "in worker processes, confined, which can always be stopped"},
                                {"none", "in the daemon itself: for code that is trusted like its own"}},
                               {}}),
               "where it runs");
  plugin.field("sha256", &PluginSettings::sha256,
               config::line({.expected = "a SHA-256", .lower_case = true, .check = hash_problem}),
               "of the library; another one is not loaded");
  plugin.field("config", &PluginSettings::config, config::json_object("the plugin's configuration"),
               "what the plugin is told at its start, as its own schema has it");
  plugin
      .field("secrets", &PluginSettings::secrets,
             config::map_of(config::line({.expected = "a secret"}), "a map of secrets by name",
                            [](std::string_view key) {
                              return std::string(config::valid_name(key) ? "" : "it is not a name");
                            }),
             "keys and passwords that it is told, too")
      .secret();
  plugin.field("grant", &PluginSettings::grant, config::shape(grant()),
               "what it may do beyond computing; without it nothing");
  plugin.field("limits", &PluginSettings::limits, config::shape(limits()), "what one worker may use up");
  plugin.field("workers", &PluginSettings::workers, config::integer<int>(1, 64), "worker processes at once");
  plugin.field("start_time", &PluginSettings::start_time,
               config::duration(std::chrono::milliseconds(100), kStartMost), "until it is ready");
  plugin.check([](const PluginSettings& p, Check& check) {
    if (p.isolation != "none") return;
    if (!p.grant.read.empty() || !p.grant.write.empty() || p.grant.network)
      check.error("grant",
                  "with `isolation: none` the plugin may do whatever the daemon may; leave out `read`, "
                  "`write` and `network`");
  });
  return plugin;
}

}  // namespace

config::ShapePtr<config::Entries<PluginSettings>> section() {
  return config::entries_of<PluginSettings>(config::shape(plugin()), &PluginSettings::name, "plugin",
                                            "plugins");
}

config::ShapePtr<LibraryFolderSettings> folder_section() {
  Record<LibraryFolderSettings> folder("A folder whose libraries are plugins, each by the name of its file");
  folder.field("path", &LibraryFolderSettings::path, config::path(config::There::directory), "the folder")
      .required();
  folder.field(
      "allow", &LibraryFolderSettings::allow,
      config::list_of(config::line({.expected = "a SHA-256", .lower_case = true, .check = hash_problem}),
                      "a list of SHA-256 hashes", kAllowMost),
      "of the libraries that are loaded; others are passed over");
  folder.field("allow_file", &LibraryFolderSettings::allow_file, config::path(config::There::file),
               "a file with further hashes, as `sha256sum` writes it");
  folder.check([](const LibraryFolderSettings& f, Check& check) {
    if (f.allow.empty() && f.allow_file.empty())
      check.error("",
                  "says of no library that it may be loaded; write `sha256sum *.so > FILE` in the folder, "
                  "look at the list, and name it as `allow_file`");
  });
  return config::shape(std::move(folder));
}

}  // namespace troupe::plugins
