#include "models/providers/huggingface_refusal.h"

#include "models/providers/complaint.h"

#include <chrono>

namespace troupe::models {

Error huggingface_refusal(const net::HttpHead& head, std::string_view body) {
  Error error = complaint_error(ProviderComplaint::read_text(body), head.status);
  auto parsed = parse_json(body);
  const Json* time = parsed ? find(*parsed, "estimated_time") : nullptr;
  if (head.status != 503 || !time || !time->is_number()) return error;
  const double seconds = time->get<double>();
  if (seconds >= 0 && seconds < 3600)
    error.retry_after = std::chrono::milliseconds(static_cast<long long>(seconds * 1000));
  return error;
}

}  // namespace troupe::models
