#include "agents/teams/patterns/factories.h"
#include "agents/teams/patterns/failure.h"
#include "agents/teams/patterns/task_list.h"

#include <utility>

namespace troupe::agents {

namespace {

/// Tasks one after another. The last result there is is the answer.
class Sequential final : public Pattern {
 public:
  explicit Sequential(const TeamSettings& settings) : settings_(settings) {}

  Task<Teamed<TeamAnswer>> run(TeamTask task, Crew& crew, Loop&, Stop& stop) override {
    TaskList tasks(settings_, std::move(task), crew);
    std::optional<std::size_t> last;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      if (stop.requested()) co_return std::unexpected(team_cancelled());
      auto reply = co_await tasks.perform(i, tasks.context_of(i), false, stop);
      if (!reply) co_return std::unexpected(std::move(reply.error()));
      if (*reply) last = i;
      tasks.keep(i, std::move(*reply));
      auto written = co_await tasks.write(i);
      if (!written) co_return std::unexpected(std::move(written.error()));
    }
    if (!last)
      co_return std::unexpected(TeamEnd{.status = "failed",
                                        .reason = std::string(kMemberFailed),
                                        .detail = "no task gave a result: all of them were skipped"});
    const Reply& answer = *tasks.result(*last);
    co_return TeamAnswer{.text = answer.text, .data = answer.data, .citations = answer.citations};
  }

 private:
  const TeamSettings& settings_;
};

}  // namespace

std::unique_ptr<Pattern> make_sequential(const TeamSettings& settings) {
  return std::make_unique<Sequential>(settings);
}

}  // namespace troupe::agents
