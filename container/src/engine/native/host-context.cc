// Where a GPU is shown that CUDA cannot use (a driver older than CUDA asks for, memory that is all taken), TensorFlow makes
// no context, and the binding goes on with none, which ends the process without a word. The addon is linked with --wrap, so
// that the binding gets a context of the host instead. Loading a model then fails with the same reason, as an error.
#include <cstdio>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

extern "C" TFE_Context* __real_TFE_NewContext(const TFE_ContextOptions* options, TF_Status* status);

extern "C" TFE_Context* __wrap_TFE_NewContext(const TFE_ContextOptions* options, TF_Status* status) {
  TFE_Context* context = __real_TFE_NewContext(options, status);
  if (context != nullptr) return context;
  std::fprintf(stderr, "TensorFlow cannot use the GPU: %s\n", TF_Message(status));
  // ConfigProto (tensorflow/core/protobuf/config.proto): device_count { key: "GPU" value: 0 }
  TF_SetStatus(status, TF_OK, "");
  static const unsigned char kNoGpu[] = {0x0a, 0x07, 0x0a, 0x03, 'G', 'P', 'U', 0x10, 0x00};
  TFE_ContextOptions* host = TFE_NewContextOptions();
  TFE_ContextOptionsSetConfig(host, kNoGpu, sizeof kNoGpu, status);
  if (TF_GetCode(status) == TF_OK) context = __real_TFE_NewContext(host, status);
  TFE_DeleteContextOptions(host);
  return context;
}
