// A configuration file of any bytes: read without a crash, within bounds, without showing a secret; and what
// loads has a canonical text that loads to itself.
#include "app/configuration.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

constexpr const char* kCanary = "K4n4rien-value-0815";

// A machine with two files and three variables.
class Machine final : public troupe::config::Environment {
 public:
  std::optional<std::string> variable(const std::string& name) const override {
    if (name == "HOME") return "/home/u";
    if (name == "KEY") return "value-of-key";
    if (name == "N") return "7";
    return std::nullopt;
  }
  troupe::Result<std::string> read_file(const std::string& path, std::size_t) const override {
    if (path == "/w/secret") return std::string(kCanary) + "\n";
    if (path == "/w/part.yaml") return std::string("tools: { part: { type: calculator } }\n");
    if (path == "/w/loop.yaml") return std::string("include: [ loop2.yaml, part.yaml ]\n");
    if (path == "/w/loop2.yaml") return std::string("include: [ loop.yaml ]\n");
    return troupe::fail(troupe::ErrorCode::not_found, "no such file");
  }
  std::vector<std::string> glob(const std::string&) const override {
    return {"/w/loop.yaml", "/w/part.yaml"};
  }
  bool exists(const std::string&) const override { return false; }
  bool is_directory(const std::string& path) const override { return path == "/w"; }
  std::string working_directory() const override { return "/w"; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find(kCanary) != std::string_view::npos) return 0;
  const Machine machine;

  app::Checked checked = app::load_configuration_text("f.yaml", text, machine);

  for (const auto& problem : checked.problems) {
    if (problem.line < 1 || problem.column < 1 || problem.text.empty()) std::abort();
    if (problem.text.find(kCanary) != std::string::npos) std::abort();
  }
  if (checked.configuration.has_value() == app::has_errors(checked.problems)) std::abort();
  if (!checked.configuration) return 0;
  const app::Configuration& all = *checked.configuration;
  if (all.canonical.find(kCanary) != std::string::npos) std::abort();
  app::Checked again = app::restore_configuration(all.canonical, all, machine);
  if (!again.configuration || again.configuration->canonical != all.canonical) std::abort();
  return 0;
}
