#pragma once

#include "models/settings.h"
#include "runtime/base/json.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::models {

/// Appends `,"name":raw` to an object that is being written.
void append_field(std::string& out, std::string_view name, std::string_view raw);

/// The parameters of a body that are the same in every request, as an entry's `drop_params` and `extra_body`
/// change them. Written once per model.
class RequestParams {
 public:
  /// `head`: an object that is not closed yet, `{"model":"m","stream":true`.
  RequestParams(std::string head, const ModelSettings& settings)
      : RequestParams(std::move(head), settings.drop_params, settings.extra_body) {}
  RequestParams(std::string head, const std::vector<std::string>& drop_params, const Json& extra_body);

  /// Where a body begins; it is not closed.
  const std::string& head() const { return head_; }
  /// Whether a request may add this parameter: it is not dropped, and `extra_body` does not set it.
  bool takes(std::string_view name) const;

 private:
  std::string head_;
  std::vector<std::string> settled_;
};

}  // namespace troupe::models
