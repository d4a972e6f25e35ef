#include "tests/floors/source_tree.h"

#include <algorithm>
#include <optional>

#include <doctest/doctest.h>

using namespace troupe::floors;

namespace {

const SourceTree& tree() {
  static const SourceTree kTree = SourceTree::read(TROUPE_SOURCE_DIR);
  return kTree;
}

std::optional<std::size_t> floor_of(const SourceFile& file) {
  const auto names = floor_names();
  const auto it = std::find(names.begin(), names.end(), file.folder());
  if (it == names.end()) return std::nullopt;
  return it - names.begin();
}

std::string at(const SourceFile& file, const Include& include) {
  return file.path + ":" + std::to_string(include.line) + ": includes " + include.path;
}

/// Parts of runtime, lowest first; async and telemetry share a rank and may know each other (a nursery logs,
/// the lag watch is an alarm), those of higher ranks may not. The bus stands on the store.
int runtime_rank(const SourceFile& file) {
  // CallContext holds the loop and its Stop: it is a type of the async part that lives beside the other base
  // types.
  if (file.path.starts_with("runtime/base/context.")) return 1;
  const auto part = file.part();
  if (part == "base") return 0;
  if (part == "async" || part == "telemetry") return 1;
  return part == "bus" ? 3 : 2;
}

/// A library that few files may see, because it is slow to compile or because one place is to own it.
struct Wall {
  const char* include;               ///< prefix of the included path
  std::vector<std::string> allowed;  ///< prefixes of paths
  const char* why;
};

const std::vector<Wall>& walls() {
  static const std::vector<Wall> kWalls = {
      {"boost/beast",
       {"runtime/net/", "runtime/async/asio_impl.cpp"},
       "7 s of compile time; hidden behind WsConnection"},
      {"boost/asio.hpp", {}, "5 s of compile time; include the one header that is needed"},
      {"curl/", {"runtime/net/"}, "HttpClient is the only way out"},
      {"yaml-cpp/", {"runtime/config/"}, "code outside of the configuration never sees YAML"},
      {"sqlite3.h", {"runtime/store/"}, "the journal is the only owner of the database"},
      {"valijson/", {"tools/"}, "the toolbox checks arguments, nobody else"},
      {"seccomp.h", {"runtime/sandbox/"}, "confinement is the sandbox's"},
      {"hnswlib/", {"memory/knowledge/index/"}, "it throws and trusts its files; hidden behind HnswIndex"},
      {"unicode/", {"memory/"}, "what reads text for the store and nobody on the loop"},
      {"CLI/", {"app/"}, "the command line belongs to app"},
      {"spdlog/", {"runtime/telemetry/"}, "logs go through runtime/telemetry/log.h"},
      {"kainjow/", {"prompts/"}, "templates are rendered by prompts"},
      {"mutex", {"runtime/", "plugins/"}, "above runtime everything is on the loop thread"},
      {"thread", {"runtime/", "plugins/"}, "threads belong to runtime; use offload()"},
      {"boost/asio/detached.hpp", {}, "detached swallows exceptions; use Nursery"},
      {"regex", {}, "std::regex recurses once per character and overflows the stack"},
  };
  return kWalls;
}

bool concerns(const Wall& wall, const Include& include) {
  const std::string prefix = wall.include;
  return include.angled &&
         (prefix.ends_with('/') ? include.path.starts_with(prefix) : include.path == prefix);
}

bool allowed(const Wall& wall, const std::string& path) {
  return std::any_of(wall.allowed.begin(), wall.allowed.end(),
                     [&](const std::string& prefix) { return path.starts_with(prefix); });
}

}  // namespace

TEST_CASE("a floor includes only itself and the floors below it") {
  std::vector<std::string> complaints;
  for (const auto& [path, file] : tree().files()) {
    const auto own = floor_of(file);
    if (!own) continue;
    for (const auto& include : file.includes) {
      if (include.angled) continue;
      const auto* target = tree().find(include.path);
      if (!target) continue;  // generated, or named from elsewhere: the compiler's business
      const auto other = floor_of(*target);
      if (!other) {
        complaints.push_back(at(file, include) + ", which is not part of the daemon");
      } else if (*other > *own) {
        complaints.push_back(at(file, include) + ", which is on a higher floor");
      }
    }
  }

  CHECK_MESSAGE(complaints.empty(), lines(complaints));
}

TEST_CASE(
    "within runtime: base carries async and telemetry, these carry net, store and config, which do not know "
    "each other; the bus stands on the store") {
  std::vector<std::string> complaints;
  for (const auto& [path, file] : tree().files()) {
    if (file.folder() != "runtime") continue;
    for (const auto& include : file.includes) {
      const auto* target = include.angled ? nullptr : tree().find(include.path);
      if (!target || target->folder() != "runtime") continue;
      const int own = runtime_rank(file);
      const int other = runtime_rank(*target);
      if (other > own) complaints.push_back(at(file, include) + ", which stands on it");
      if (other == own && file.part() != target->part() && own == 2) {
        complaints.push_back(at(file, include) + ", a neighbour");
      }
    }
  }

  CHECK_MESSAGE(complaints.empty(), lines(complaints));
}

TEST_CASE("project headers are included by their path from the top") {
  std::vector<std::string> complaints;
  const auto names = floor_names();
  for (const auto& [path, file] : tree().files()) {
    for (const auto& include : file.includes) {
      if (include.angled) continue;
      if (include.path == "troupe_plugin.hpp" || include.path == "troupe_plugin.h") continue;  // as installed
      const auto top = include.path.substr(0, include.path.find('/'));
      const bool known =
          top == "tests" || top == "bench" || std::find(names.begin(), names.end(), top) != names.end();
      if (!known) complaints.push_back(at(file, include));
    }
  }

  CHECK_MESSAGE(complaints.empty(), lines(complaints));
}

TEST_CASE("walled-in libraries are seen only where they live, not even through a header") {
  std::vector<std::string> complaints;
  for (const auto& [path, file] : tree().files()) {
    if (!floor_of(file)) continue;
    for (const auto& seen : tree().closure(path)) {
      for (const auto& include : tree().find(seen)->includes) {
        for (const auto& wall : walls()) {
          if (!concerns(wall, include) || allowed(wall, path)) continue;
          complaints.push_back(path + ": sees " + include.path + " through " + seen + ": " + wall.why);
        }
      }
    }
  }

  CHECK_MESSAGE(complaints.empty(), lines(complaints));
}

TEST_CASE("no file includes itself in a circle") {
  std::vector<std::string> complaints;
  for (const auto& [path, file] : tree().files()) {
    for (const auto& include : file.includes) {
      if (!include.angled && tree().closure(include.path).contains(path))
        complaints.push_back(at(file, include));
    }
  }

  CHECK_MESSAGE(complaints.empty(), lines(complaints));
}
