// Of axios what `context.clients.axios` has: the fetch adapter's options. A project that imports axios itself installs it, and
// has the package's own declarations. Written by `host types`, which writes it anew.

export type Method = "get" | "delete" | "head" | "options" | "post" | "put" | "patch" | (string & {});

export interface AxiosRequestConfig<D = any> {
  url?: string;
  method?: Method;
  baseURL?: string;
  headers?: Record<string, string | number | boolean | null | undefined>;
  params?: any;
  paramsSerializer?: (params: any) => string;
  data?: D;
  timeout?: number;
  timeoutErrorMessage?: string;
  auth?: { username: string; password: string };
  responseType?: "arraybuffer" | "blob" | "json" | "text" | "stream" | "formdata";
  validateStatus?: ((status: number) => boolean) | null;
  maxContentLength?: number;
  maxBodyLength?: number;
  signal?: AbortSignal;
  transformRequest?: ((data: any, headers: any) => any) | ((data: any, headers: any) => any)[];
  transformResponse?: ((data: any, headers: any, status?: number) => any) | ((data: any) => any)[];
  fetchOptions?: Record<string, any>;
  [option: string]: any;
}

export interface AxiosResponse<T = any, D = any> {
  data: T;
  status: number;
  statusText: string;
  headers: Record<string, any>;
  config: AxiosRequestConfig<D>;
  request?: any;
}

/** What is thrown: of the class `AxiosError`, which a worker knows by `isAxiosError`. */
export interface AxiosError<T = any, D = any> extends Error {
  readonly isAxiosError: boolean;
  code?: string;
  status?: number;
  config?: AxiosRequestConfig<D>;
  request?: any;
  response?: AxiosResponse<T, D>;
  toJSON(): object;
}

export interface AxiosInstance {
  request<T = any, R = AxiosResponse<T>, D = any>(config: AxiosRequestConfig<D>): Promise<R>;
  get<T = any, R = AxiosResponse<T>, D = any>(url: string, config?: AxiosRequestConfig<D>): Promise<R>;
  delete<T = any, R = AxiosResponse<T>, D = any>(url: string, config?: AxiosRequestConfig<D>): Promise<R>;
  head<T = any, R = AxiosResponse<T>, D = any>(url: string, config?: AxiosRequestConfig<D>): Promise<R>;
  post<T = any, R = AxiosResponse<T>, D = any>(url: string, data?: D, config?: AxiosRequestConfig<D>): Promise<R>;
  put<T = any, R = AxiosResponse<T>, D = any>(url: string, data?: D, config?: AxiosRequestConfig<D>): Promise<R>;
  patch<T = any, R = AxiosResponse<T>, D = any>(url: string, data?: D, config?: AxiosRequestConfig<D>): Promise<R>;
}
