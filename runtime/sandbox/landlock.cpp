#include "runtime/sandbox/landlock.h"

#include "runtime/sandbox/elf_loader.h"

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace troupe::sandbox {
namespace {

// Debian 12's header ends at version 2; what later versions added is spelled out here.
constexpr std::uint64_t kTruncate = 1u << 14;     // version 3
constexpr std::uint64_t kDeviceIoctl = 1u << 15;  // version 5
constexpr std::uint64_t kBindTcp = 1u << 0;       // version 4
constexpr std::uint64_t kConnectTcp = 1u << 1;
constexpr std::uint64_t kScopeAbstractSockets = 1u << 0;  // version 6
constexpr std::uint64_t kScopeSignals = 1u << 1;

struct RulesetAttributes {
  std::uint64_t files;
  std::uint64_t network;
  std::uint64_t scopes;
};

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                   LANDLOCK_ACCESS_FS_READ_FILE | kTruncate | kDeviceIoctl;

std::uint64_t file_rights(int version) {
  std::uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // version 1
  if (version >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) rights |= kTruncate;
  if (version >= 5) rights |= kDeviceIoctl;
  return rights;
}

Result<void> allow(const Descriptor& ruleset, const std::string& path, std::uint64_t rights) {
  const Descriptor at(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat about{};
  if (!at.open() || ::fstat(at.get(), &about) < 0) return system_failure("allowing a sandbox to use " + path);
  if (!S_ISDIR(about.st_mode)) rights &= kOfFiles;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = at.get();
  if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
    return system_failure("allowing a sandbox to use " + path);
  return {};
}

std::uint64_t writable_rights(int version, const Confinement& confinement) {
  // Nothing special: no devices, no sockets that others could connect to.
  std::uint64_t rights =
      file_rights(version) & ~(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                               LANDLOCK_ACCESS_FS_MAKE_SOCK | kDeviceIoctl);
  if (confinement.processes == 0) rights &= ~std::uint64_t{LANDLOCK_ACCESS_FS_EXECUTE};
  return rights;
}

}  // namespace

int landlock_version() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

Result<Descriptor> make_landlock_ruleset(int version, const Confinement& confinement,
                                         const std::string& program) {
  RulesetAttributes attributes{};
  attributes.files = file_rights(version);
  if (version >= 4 && !confinement.network) attributes.network = kBindTcp | kConnectTcp;
  if (version >= kLandlockScopesSignals) attributes.scopes = kScopeAbstractSockets | kScopeSignals;
  // An older kernel knows a shorter struct and takes a longer one as long as the rest is zero.
  Descriptor ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (!ruleset.open()) return system_failure("making a Landlock ruleset");

  const std::uint64_t read =
      kRead | (confinement.processes > 0 ? std::uint64_t{LANDLOCK_ACCESS_FS_EXECUTE} : 0);
  const std::uint64_t run = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE;
  std::vector<std::pair<std::string, std::uint64_t>> rules{{program, run}};
  if (auto loader = elf_loader(program); !loader.empty()) rules.emplace_back(std::move(loader), run);
  for (const auto& path : confinement.readable) {
    // Devices are opened for writing as well: every shell writes to /dev/null.
    const bool device = path == "/dev/null" || path == "/dev/zero";
    rules.emplace_back(path, device ? read | LANDLOCK_ACCESS_FS_WRITE_FILE : read);
  }
  for (const auto& path : confinement.writable)
    rules.emplace_back(path, writable_rights(version, confinement));
  for (const auto& [path, rights] : rules)
    if (auto allowed = allow(ruleset, path, rights); !allowed) return fail(std::move(allowed.error()));
  return ruleset;
}

}  // namespace troupe::sandbox
