// Returns its payload unchanged: the smallest worker, and the first one to try.
import { PlatformContext } from 'jfrog-workers';

interface CustomPayload {
  [property: string]: unknown;
}

interface CustomResponse {
  [property: string]: unknown;
}

export default async (context: PlatformContext, data: CustomPayload): Promise<CustomResponse> => {
  return data;
};
