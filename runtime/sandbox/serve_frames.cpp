#include "runtime/sandbox/serve_frames.h"

#include <cstdio>
#include <exception>

namespace troupe::sandbox {
namespace {

Result<> serve(int channel, const std::function<std::string(std::string_view)>& answer, std::size_t most) {
  auto own = WorkerChannel::take(channel, most);
  if (!own) return fail(std::move(own.error()));
  for (;;) {
    auto request = own->read();
    if (!request) return fail(std::move(request.error()));
    if (!*request) return {};
    if (auto written = own->write(answer(**request)); !written) return written;
  }
}

}  // namespace

int serve_frames(int channel, const std::function<std::string(std::string_view)>& answer, std::size_t most) {
  try {
    auto served = serve(channel, answer, most);
    if (served) return 0;
    std::fprintf(stderr, "worker: %s\n", served.error().message.c_str());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "worker: %s\n", e.what());
  }
  return 1;
}

}  // namespace troupe::sandbox
