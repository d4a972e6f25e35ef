#include "app/import/result_check.h"

#include "app/configuration.h"
#include "runtime/config/yaml_text.h"

#include <algorithm>

namespace troupe::app {

namespace {

// The process's environment, where the keys that are read are set.
class WithVariables final : public config::ProcessEnvironment {
 public:
  explicit WithVariables(const std::vector<std::string>& names) : names_(names) {}
  std::optional<std::string> variable(const std::string& name) const override {
    auto value = config::ProcessEnvironment::variable(name);
    if (value && !value->empty()) return value;
    if (std::ranges::find(names_, name) != names_.end()) return "not-set-yet";
    return value;
  }

 private:
  const std::vector<std::string>& names_;
};

}  // namespace

std::vector<std::string> problems_of(const Imported& imported, const std::string& path) {
  const WithVariables environment(imported.variables);
  const Checked checked = load_configuration_text(path.empty() ? "imported" : path,
                                                  config::yaml_text(imported.configuration), environment);
  std::vector<std::string> problems;
  for (const config::Problem& problem : checked.problems)
    if (problem.severity == config::Severity::error) problems.push_back(config::render(problem));
  return problems;
}

}  // namespace troupe::app
