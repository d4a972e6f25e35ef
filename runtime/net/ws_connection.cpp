#include "runtime/net/ws_connection.h"

namespace troupe::net {

Task<Result<>> send_text(WsConnection& connection, std::string text) {
  WsBatch batch;
  batch.push_back(std::make_shared<const std::string>(std::move(text)));
  co_return co_await connection.send(std::move(batch));
}

}  // namespace troupe::net
