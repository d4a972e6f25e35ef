#include "runtime/async/background.h"

#include <thread>
#include <utility>

namespace troupe {

struct Background::Running {
  std::jthread thread;
};

Background::Background(std::function<void()> work)
    : running_(std::make_unique<Running>(std::jthread(std::move(work)))) {}

Background::~Background() = default;

}  // namespace troupe
