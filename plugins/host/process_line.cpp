#include "plugins/host/process_line.h"

#include "plugins/host/worker_program.h"
#include "runtime/sandbox/frame_link.h"

#include <utility>

namespace troupe::plugins {

namespace {

class ProcessLine final : public PluginLine {
 public:
  static Result<std::unique_ptr<PluginLine>> start(Loop& loop, std::shared_ptr<const sandbox::Cage> cage,
                                                   const sandbox::SharedMemory* memory, Handlers handlers) {
    std::unique_ptr<ProcessLine> line(new ProcessLine(std::move(cage), std::move(handlers)));
    auto link = sandbox::FrameLink::start(
        loop, *line->cage_, kPluginFrameBytes,
        {.frame = [own = line.get()](std::string frame) { own->take(frame); },
         .ended = [own = line.get()](Error why) { own->handlers_.ended(std::move(why)); }},
        memory ? memory->descriptor() : -1);
    if (!link) return fail(std::move(link.error()));
    line->link_ = std::move(*link);
    return line;
  }

  bool send(const Message& message) override { return link_->send(encode(message)); }
  void kill(Error why) override { link_->kill(std::move(why)); }
  void forgive() override { link_->forgive(); }

  Task<> end(Milliseconds grace) override {
    if (grace > Milliseconds::zero()) send({.head = {{"do", "stop"}}});
    co_await link_->end(grace);
  }

 private:
  ProcessLine(std::shared_ptr<const sandbox::Cage> cage, Handlers handlers)
      : cage_(std::move(cage)), handlers_(std::move(handlers)) {}

  void take(std::string_view frame) {
    auto message = decode(frame);
    if (message) return handlers_.message(std::move(*message));
    kill({ErrorCode::protocol, "it sent " + message.error().message + " and was killed"});
  }

  const std::shared_ptr<const sandbox::Cage> cage_;
  const Handlers handlers_;
  std::unique_ptr<sandbox::FrameLink> link_;
};

}  // namespace

LineMaker process_lines(Loop& loop, std::shared_ptr<const sandbox::Cage> cage,
                        std::shared_ptr<const sandbox::SharedMemory> memory) {
  return [&loop, cage = std::move(cage), memory = std::move(memory)](PluginLine::Handlers handlers) {
    return ProcessLine::start(loop, cage, memory.get(), std::move(handlers));
  };
}

}  // namespace troupe::plugins
