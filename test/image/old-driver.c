/*
 * A stand-in for NVIDIA's driver, as libcuda.so.1 and libnvidia-ml.so.1: it shows one GPU (compute capability 9.0), and is for
 * CUDA 11.4, as the oldest GPU machines of SageMaker are. With it TensorFlow opens CUDA's libraries as on a GPU, where none is.
 */
#include <stddef.h>
#include <string.h>

enum { COMPUTE_MAJOR = 75, COMPUTE_MINOR = 76 };

int nvmlInit_v2(void) { return 0; }

int cuInit(unsigned flags) { return 0; }
int cuDriverGetVersion(int *version) { return *version = 11040, 0; }
int cuDeviceGetCount(int *count) { return *count = 1, 0; }
int cuDeviceGet(int *device, int ordinal) { return *device = ordinal, 0; }
int cuDeviceGetName(char *name, int length, int device) { return strncpy(name, "stand-in", length), 0; }
int cuDeviceGetPCIBusId(char *id, int length, int device) { return strncpy(id, "0000:00:00.0", length), 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { return *bytes = (size_t)1 << 34, 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  *value = attribute == COMPUTE_MAJOR ? 9 : attribute == COMPUTE_MINOR ? 0 : 1024;
  return 0;
}
int cuGetErrorName(int code, const char **name) { return *name = "stand-in", 0; }
int cuGetErrorString(int code, const char **text) { return *text = "of the stand-in", 0; }
