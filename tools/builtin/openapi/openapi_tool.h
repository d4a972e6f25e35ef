#pragma once

#include "tools/builtin/http/http_exchange.h"
#include "tools/builtin/openapi/operation.h"
#include "tools/catalog.h"
#include "tools/settings_problem.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// `type: openapi`: a tool for each operation of a document that the settings choose.
class OpenApiTool final : public Tool {
 public:
  /// The tools of a section; its document is read from its file. Errors: invalid, not_found (the file).
  static Result<ToolTable> make(const ToolSettings& settings, const ToolServices& services);

  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) override;

 private:
  /// What all tools of a section share.
  struct Service {
    HttpExchange exchange;
    openapi::Credentials credentials;
    net::Headers headers;
    std::string user_agent;
  };
  OpenApiTool(std::shared_ptr<const Service> service, openapi::Operation operation,
              const ToolSettings& settings, std::string name);

  const std::shared_ptr<const Service> service_;
  const openapi::Operation operation_;
  ToolSpec spec_;
};

namespace openapi {

/// The operations of one section, and the problems of its settings with this document.
struct Chosen {
  std::vector<Operation> operations;  ///< each with its server
  std::vector<std::string> names;     ///< of the tools, as the table has them
  Credentials credentials;
  std::vector<SettingsProblem> problems;
  std::vector<std::string> passed_over;  ///< operations that no tool can be made of, with the reason
};
Chosen choose(const ToolSettings& settings, std::string_view document);

}  // namespace openapi

}  // namespace troupe::tools
