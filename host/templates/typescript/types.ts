// What the worker takes and what it gives.

export interface CustomPayload {
  name?: string;
}

export interface CustomResponse {
  message: string;
  greetings: number;
}
