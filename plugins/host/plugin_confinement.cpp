#include "plugins/host/plugin_confinement.h"

#include "runtime/base/sanitized.h"

namespace troupe::plugins {

namespace {

constexpr std::uint32_t kOwnThreads = 1;  // the one that reads what the daemon says

}  // namespace

sandbox::Confinement confinement_of(const PluginSettings& settings, const std::string& library) {
  sandbox::Confinement confinement{
      .readable = sandbox::system_paths(),
      .writable = settings.grant.write,
      .network = settings.grant.network,
      .address_space = kSanitized ? 0 : settings.limits.memory,
      .cpu_seconds = 0,  // it lives long: each call has a deadline instead
      .open_files = static_cast<std::uint32_t>(settings.limits.open_files),
      .processes = static_cast<std::uint32_t>(settings.grant.processes),
      .threads = kOwnThreads + static_cast<std::uint32_t>(settings.grant.threads),
      .file_bytes = settings.grant.write.empty() ? 0 : settings.limits.file};
  confinement.readable.push_back(library);
  confinement.readable.insert(confinement.readable.end(), settings.grant.read.begin(),
                              settings.grant.read.end());
  if (kSanitized) confinement.readable.emplace_back("/proc");
  return confinement;
}

}  // namespace troupe::plugins
