#pragma once

#include "runtime/base/secret.h"
#include "runtime/store/artifacts.h"
#include "tools/builtin/http/http_exchange.h"
#include "tools/builtin/image/image_answer.h"
#include "tools/catalog.h"
#include "tools/settings_problem.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::tools {

/// `type: image`: asks an images endpoint with OpenAI's API for pictures and keeps them below `artifacts`, in
/// files that are named by what is in them, so that none replaces another. The agent reads where they are;
/// what a model says decides nothing of a path. A call costs money and is sent once, unless the settings say
/// that the service honours the `Idempotency-Key` that it bears.
class ImageTool final : public Tool {
 public:
  /// Every problem of the settings, each at its field. None: make() succeeds.
  static std::vector<SettingsProblem> problems(const ToolSettings& settings);
  /// Errors: invalid (the first problem). Without `artifacts` among the services its calls are refused.
  static Result<std::unique_ptr<Tool>> make(const ToolSettings& settings, const ToolServices& services);

  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) override;

 private:
  ImageTool(const ToolSettings& settings, const ToolServices& services, std::string url, AllowedHosts service,
            AllowedHosts pictures);

  Result<net::HttpRequest> request_for(const ToolInput& input, std::size_t& wanted) const;
  Task<Result<std::vector<images::Found>>> ask(ToolInput input, CallContext& context);
  Task<Result<std::string>> fetch(std::string url, CallContext& context);
  Task<Result<std::string>> keep(images::Found found, CallContext& context);

  const ToolSettings settings_;
  const std::string url_;
  const std::string user_agent_;
  net::HttpClient& http_;
  Workers* const workers_;  // null: the loop
  const std::shared_ptr<store::Artifacts> artifacts_;
  const Patience patience_;
  const bool any_host_;  // pictures may be fetched from
  Secrets secrets_;
  std::optional<HttpExchange> service_;
  std::optional<HttpExchange> pictures_;
  ToolSpec spec_;
};

}  // namespace troupe::tools
